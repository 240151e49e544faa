import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parseFlags } from "../../builder/cli/flags.ts";
import type { FlagTable } from "../../builder/cli/types.ts";

const flags = {
  tag: { short: "t", value: "NAME", repeat: true, doc: "" },
  file: { short: "f", value: "FILE", doc: "" },
  "no-cache": { doc: "" },
  pull: { value: "WHEN", bare: "always", doc: "" },
  interactive: { short: "i", doc: "" },
  terminal: { short: "T", doc: "" },
} as const satisfies FlagTable;
const syntax = {
  name: "build",
  usage: "build PATH",
  flags,
  missing: { "secret|s": "do without" },
  operands: { min: 0, max: 2, name: "PATH" },
};

const DEFAULTS = {
  tag: [],
  file: undefined,
  "no-cache": false,
  pull: undefined,
  interactive: false,
  terminal: false,
};

test("parseFlags() reads what docker's users write", () => {
  const table: readonly (readonly [line: string, values: object, operands?: readonly string[]])[] = [
    ["", {}],
    [".", {}, ["."]],
    ["-t app .", { tag: ["app"] }, ["."]],
    ["-tapp", { tag: ["app"] }],
    ["-t=app", { tag: ["app"] }],
    ["--tag app --tag=b . -t c", { tag: ["app", "b", "c"] }, ["."]],
    ["-t -x", { tag: ["-x"] }],
    ["-f -", { file: "-" }],
    ["--file=", { file: "" }],
    ["--no-cache", { "no-cache": true }],
    ["--no-cache=true", { "no-cache": true }],
    ["--no-cache=false", {}],
    ["--no-cache --no-cache=0", {}],
    ["--pull .", { pull: "always" }, ["."]],
    ["--pull=never", { pull: "never" }],
    ["-iT", { interactive: true, terminal: true }],
    ["-iTf x", { interactive: true, terminal: true, file: "x" }],
    ["-- -t", {}, ["-t"]],
    ["a -- --file", {}, ["a", "--file"]],
  ];
  for (const [line, values, operands = []] of table) {
    const parsed = parseFlags(syntax, line === "" ? [] : line.split(" "));
    assert.deepEqual(parsed.values, { ...DEFAULTS, ...values }, line);
    assert.deepEqual(parsed.operands, operands, line);
  }
});

test("parseFlags() says what is wrong and what to write", () => {
  const table: readonly (readonly [line: string, message: string, hint?: string, code?: string])[] = [
    ["--tga x", "Cannot use --tga: tsbuild build has no such flag", 'did you mean "--tag"?'],
    ["--zzz", "Cannot use --zzz: tsbuild build has no such flag", 'see "tsbuild build --help"'],
    ["-x", "Cannot use -x: tsbuild build has no such flag"],
    ["--constructor", "Cannot use --constructor: tsbuild build has no such flag"],
    ["--__proto__=1", "Cannot use --__proto__: tsbuild build has no such flag"],
    [
      "--secret id=x",
      "Cannot use --secret: tsbuild build does not support it yet",
      "do without",
      "UNSUPPORTED",
    ],
    ["-s x", "Cannot use -s: tsbuild build does not support it yet", "do without", "UNSUPPORTED"],
    ["--cache", "Cannot use --cache: tsbuild build has no such flag"],
    ["--no-tag x", "Cannot use --no-tag: tsbuild build has no such flag"],
    ["-t", "Cannot use -t: it needs a value", "write -t NAME"],
    ["--file a --file b", "Cannot use --file twice: it takes one value"],
    ["--no-cache=maybe", "Cannot use --no-cache=maybe: --no-cache is a switch", "write true or false"],
    ["a b c", 'Cannot take "c": tsbuild build has 2 arguments', "usage: tsbuild build PATH"],
  ];
  for (const [line, message, hint, code = "USAGE"] of table) {
    assert.throws(
      () => parseFlags(syntax, line.split(" ")),
      (error) => {
        assert.ok(error instanceof TsbuildError, line);
        assert.deepEqual([error.message, error.code], [message, code]);
        if (hint !== undefined) assert.equal(error.hint, hint);
        return true;
      },
    );
  }
});

test("parseFlags() asks for arguments that are missing, but not of somebody who wants help", () => {
  const needy = { ...syntax, operands: { min: 1, max: 1, name: "PATH" } };
  assert.throws(() => parseFlags(needy, []), /Cannot run tsbuild build: PATH is missing/);
  assert.equal(parseFlags(needy, ["--help"]).help, true);
  assert.equal(parseFlags(needy, ["-h"]).help, true);
});

test("parseFlags() leaves everything behind the first argument alone where flags come first", () => {
  const run = { ...syntax, flagsFirst: true, operands: { min: 1, max: Infinity, name: "IMAGE" } };
  const table: readonly (readonly [line: string, operands: readonly string[]])[] = [
    ["-i img ls -la --help", ["img", "ls", "-la", "--help"]],
    ["-i -- img -t", ["img", "-t"]],
    ["img -- x", ["img", "--", "x"]],
    ["-f file img -f", ["img", "-f"]],
  ];
  for (const [line, operands] of table) {
    const parsed = parseFlags(run, line.split(" "));
    assert.deepEqual(parsed.operands, operands, line);
    assert.equal(parsed.help, false);
  }
});

test("parseFlags() lets a command have -h for something else", () => {
  const run = { ...syntax, flags: { hostname: { short: "h", value: "NAME", doc: "" } } };
  const parsed = parseFlags(run, ["-h", "box"]);
  assert.deepEqual(parsed.values, { hostname: "box" });
  assert.equal(parsed.help, false);
});
