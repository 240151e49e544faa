import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../../builder/core/errors.ts";
import { parseChmod } from "../../../builder/ops/copy/chmod.ts";

/** Mode of a file before, --chmod, mode after; `d` in front: of a directory. */
const CASES: readonly (readonly [before: string, chmod: string, after: string])[] = [
  ["600", "0644", "644"],
  ["777", "4755", "4755"],
  ["600", "u=rwX,go=rX", "644"],
  ["700", "u=rwX,go=rX", "755"],
  ["d700", "u=rwX,go=rX", "755"],
  ["d600", "a+X", "711"],
  ["644", "+x", "755"],
  ["644", "a+x", "755"],
  ["755", "a-x", "644"],
  ["755", "-x+w", "666"],
  ["740", "g=u", "770"],
  ["704", "g=o,o=", "740"],
  ["7755", "g=u", "7775"],
  ["755", "u+s", "4755"],
  ["755", "g+s", "2755"],
  ["755", "+t", "1755"],
  ["755", "o+t", "755"],
  ["755", "u+t", "1755"],
  ["755", "go=rxt", "1755"],
  ["1777", "o-t", "1777"],
  ["1777", "-t", "777"],
  ["4755", "u=rwx", "755"],
  ["7777", "a=", "1000"],
  ["644", "u+x,go+X", "744"],
  ["755", "ug=rw,o=r", "664"],
];

test("parseChmod() changes modes as chmod(1) of BSD does", () => {
  for (const [before, chmod, after] of CASES) {
    const isDirectory = before.startsWith("d");
    const mode = Number.parseInt(before.replace("d", ""), 8);
    assert.equal(parseChmod(chmod).apply(mode, isDirectory).toString(8), after, `${before} ${chmod}`);
  }
});

test("parseChmod() says which modes are octal", () => {
  assert.equal(parseChmod("755").octal, 0o755);
  assert.equal(parseChmod("u=rwx").octal, undefined);
});

test("parseChmod() refuses what is no mode", () => {
  for (const text of ["", "8", "0x1", "10000", "-1", "u", "u=rwx,", "x+r", "u=z", "u +x", "755 "]) {
    assert.throws(
      () => parseChmod(text),
      (error) => error instanceof TsbuildError,
      text,
    );
  }
});
