import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError, type ErrorCode } from "../../../builder/core/errors.ts";
import { copiedLines, type CopyCase } from "./copying.ts";

const FAILURES: Readonly<
  Record<string, CopyCase & { readonly code: ErrorCode; readonly message: RegExp; readonly hint?: RegExp }>
> = {
  "a missing path is an error with the nearest name": {
    from: { "src/main.c": "" },
    sources: ["src/mian.c"],
    dest: "/",
    code: "COPY_SOURCE_NOT_FOUND",
    message: /"src\/mian\.c": it does not exist/,
    hint: /did you mean "src\/main\.c"/,
  },
  "a missing path is explained by who knows why": {
    from: {},
    sources: ["dist"],
    dest: "/",
    describeMissing: (path) => `"${path}" is hidden by .dockerignore:3`,
    code: "COPY_SOURCE_NOT_FOUND",
    message: /"dist"/,
    hint: /hidden by \.dockerignore:3/,
  },
  "a link to nowhere is missing": {
    from: { l: { link: "/etc/passwd" } },
    sources: ["l"],
    dest: "/",
    code: "COPY_SOURCE_NOT_FOUND",
    message: /leads to "\/etc\/passwd"/,
  },
  "links in a circle are an error": {
    from: { a: { link: "b" }, b: { link: "a" } },
    sources: ["a"],
    dest: "/",
    code: "COPY_CONFLICT",
    message: /symbolic links/,
  },
  "a directory onto a file": {
    into: { d: "0" },
    from: { "s/a": "1" },
    sources: ["s"],
    dest: "/d",
    code: "COPY_CONFLICT",
    message: /directory to "\/d"/,
  },
  "a directory onto a symlink to a directory, below the destination": {
    into: { "x/": {}, "d/t": { link: "/x" } },
    from: { "s/t/a": "1" },
    sources: ["s"],
    dest: "/d",
    code: "COPY_CONFLICT",
    message: /"\/d\/t": it is a symlink/,
  },
  "a file onto a directory": {
    into: { "d/a/": {} },
    from: { "s/a": "1" },
    sources: ["s"],
    dest: "/d",
    code: "COPY_CONFLICT",
    message: /"\/d\/a" with a file: it is a directory/,
  },
  "a parent that is a file": {
    into: { d: "0" },
    from: { a: "1" },
    sources: ["a"],
    dest: "/d/e/",
    code: "COPY_CONFLICT",
    message: /"\/d" is not a directory/,
  },
  "a malformed pattern": {
    from: {},
    sources: ["a["],
    dest: "/",
    code: "DOCKERFILE_INVALID",
    message: /malformed/,
  },
  "a literal path of --parents that is missing": {
    parents: true,
    from: { "x/a": "1" },
    sources: ["x/./b"],
    dest: "/",
    code: "COPY_SOURCE_NOT_FOUND",
    message: /does not exist/,
  },
};

for (const [name, { code, message, hint, ...options }] of Object.entries(FAILURES)) {
  test(`planCopy() fails when: ${name}`, async () => {
    await assert.rejects(copiedLines(options), (error) => {
      assert.ok(error instanceof TsbuildError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, message);
      if (hint !== undefined) assert.match(error.hint ?? "", hint);
      return true;
    });
  });
}
