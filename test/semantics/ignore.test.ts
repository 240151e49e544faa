import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIgnoreFile, ruleFor } from "../../builder/context/ignore-file.ts";
import { bytesOf } from "../../builder/core/bytes.ts";

/** The line of an ignore file that hides a path: one-based, 0 where none does. */
function hiddenBy(path: string, ...lines: readonly string[]): number {
  const file = parseIgnoreFile(".dockerignore", Buffer.from(lines.join("\n")));
  return ruleFor(file, bytesOf(path))?.line ?? 0;
}

const CASES: Readonly<
  Record<string, readonly (readonly [path: string, lines: readonly string[], by: number])[]>
> = {
  "# is a comment in the first column alone, spaces around a pattern go": [
    ["#a", ["#a"], 0],
    ["#a", [" #a  "], 1],
  ],
  "a pattern is cleaned: no / before it, none behind it, no dots": [
    ["a", ["/a"], 1],
    ["a/b", ["a/"], 1],
    ["b", ["./a/../b"], 1],
  ],
  "a directory hides what is in it, and a name is that of the root alone": [
    ["a/b/c", ["a"], 1],
    ["x/a", ["a"], 0],
    ["x/a", ["**/a"], 1],
  ],
  "* and ? do not cross /, ** does": [
    ["a/b.o", ["*.o"], 0],
    ["a/b.o", ["**/*.o"], 1],
    ["a/b", ["a?b"], 0],
    ["a/b/c.o", ["a/**/c.o"], 1],
    ["a/c.o", ["a/**/c.o"], 1],
  ],
  "dir/** hides what is in a directory, not the directory": [
    ["dir/a/b", ["dir/**"], 1],
    ["dir", ["dir/**"], 0],
  ],
  "! brings back, and the last line that matches decides": [
    ["a/keep", ["a", "!a/keep"], 0],
    ["a/other", ["a", "!a/keep"], 1],
    ["a/keep/x", ["a", "!a/keep", "a/keep/x"], 3],
    ["a/keep", ["!a/keep", "a"], 2],
  ],
};

for (const [rule, cases] of Object.entries(CASES)) {
  test(`rule 38: ${rule}`, () => {
    for (const [path, lines, by] of cases) {
      assert.equal(hiddenBy(path, ...lines), by, `${path} in ${JSON.stringify(lines)}`);
    }
  });
}
