import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequire } from "node:module";
import type { Ignore } from "@balena/dockerignore";
import * as fc from "fast-check";
import { cleanPattern, PatternList } from "../../builder/context/patterns.ts";
import { parseIgnoreFile, ruleFor } from "../../builder/context/ignore-file.ts";
import { bytesOf, type Bytes } from "../../builder/core/bytes.ts";
import { TsbuildError } from "../../builder/core/errors.ts";

// Its types say that it is an ES module, which it is not.
const balena = createRequire(import.meta.url)("@balena/dockerignore") as () => Ignore;

function listOf(...lines: readonly string[]): PatternList {
  return new PatternList(
    lines.map((line) => cleanPattern(bytesOf(line))),
    (index) => `line ${index}`,
  );
}

function ignores(lines: readonly string[], path: string): boolean {
  return listOf(...lines).decideAlone(bytesOf(path)) >= 0;
}

/** Most are moby/patternmatcher's own (patternmatcher_test.go). */
const CASES: readonly (readonly [patterns: readonly string[], path: string, ignored: boolean])[] = [
  [["**"], "file", true],
  [["**/"], "dir/file", true],
  [["**/**"], "dir/file", true],
  [["dir/**"], "dir/file", true],
  [["dir/**"], "dir", false],
  [["dir/**/"], "dir/dir2/file", true],
  [["**/dir2/*"], "dir/dir2/file", true],
  [["**/dir2/*"], "dir/dir2/dir2/file", true],
  [["**/dir2/**"], "dir/dir2/dir2/file", true],
  [["**file"], "file", true],
  [["**file"], "dir/file", true],
  [["**/file"], "dir/dir/file", true],
  [["**/file*"], "dir/dir/file.txt", true],
  [["**/file*txt"], "dir/dir/file.txt", true],
  [["**/**/*.txt"], "dir/dir/file.txt", true],
  [["**/**/*.txt2"], "dir/dir/file.txt", false],
  [["**/*.txt"], "file.txt", true],
  [["**/a.txt"], "a.txt", true],
  [["a**/*.txt"], "a/file.txt", true],
  [["a**/*.txt"], "a/dir/dir/file.txt", true],
  [["a/*.txt"], "a/dir/file.txt", false],
  [["a/*.txt"], "a/file.txt", true],
  [["a[b-d]e"], "ace", true],
  [["a[b-d]e"], "aae", false],
  [["[^abc]"], "d", true],
  [["\\*"], "*", true],
  [["a/b/c/d"], "a/b/c", false],
  [["a/b"], "a/b/c", true],
  [["/a"], "a", true],
  [["a/"], "a/b", true],
  [["./a"], "a", true],
  [["a/../b"], "b", true],
  [["foo"], "dir/foo", false],
  [["dir", "!dir/foo"], "dir/foo", false],
  [["dir", "!dir/foo"], "dir/bar", true],
  [["*", "!src"], "src/main.c", false],
  [["*", "!src", "src/*.o"], "src/main.o", true],
  [["*", "! src"], "src/main.c", false],
  [["!dir/foo", "dir"], "dir/foo", true],
  [["a+b"], "a+b", true],
  [["(x)*"], "(x)y", true],
  [["{a}.c"], "{a}.c", true],
  [["a|b*"], "ac", false],
  [[".."], "a", false],
  // In BuildKit's walk a ! pattern counts for a directory only where an earlier pattern hid the directory itself.
  [["**/node_modules", "!packages"], "packages/a/node_modules", true],
];

test("PatternList decides as moby's patternmatcher does", () => {
  for (const [patterns, path, expected] of CASES)
    assert.equal(ignores(patterns, path), expected, `${patterns.join(", ")} on ${path}`);
});

const name = fc.stringMatching(/^[abc.]{1,3}$/).filter((text) => !/^\.+$/.test(text));
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const patternPart = fc.oneof(name, fc.constantFrom("*", "**", "?", "a*", "*b", "a?"));
const pattern = fc.array(patternPart, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));

test("PatternList agrees with @balena/dockerignore", () => {
  fc.assert(
    fc.property(fc.array(pattern, { minLength: 1, maxLength: 4 }), path, (patterns, file) => {
      assert.equal(ignores(patterns, file), balena().add(patterns).ignores(file));
    }),
    { numRuns: 2000 },
  );
});

// With `*` in front every directory is hidden until a ! pattern shows it: there both ways to read them are one.
test("PatternList agrees with @balena/dockerignore about what ! brings back", () => {
  const bringBack = fc.array(pattern, { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(bringBack, path, (patterns, file) => {
      const lines = ["*", ...patterns.map((text) => `!${text}`)];
      assert.equal(ignores(lines, file), balena().add(lines).ignores(file));
    }),
    { numRuns: 2000 },
  );
});

test("couldBringBackBelow() is true wherever something below a hidden directory shows", () => {
  const lines = fc.array(
    fc.tuple(fc.boolean(), pattern).map(([negated, text]) => (negated ? `!${text}` : text)),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(lines, path, (patterns, file) => {
      const list = listOf(...patterns);
      if (list.decideAlone(bytesOf(file)) >= 0) return;
      for (let at = file.lastIndexOf("/"); at > 0; at = file.lastIndexOf("/", at - 1)) {
        const directory = file.slice(0, at) as Bytes;
        if (list.decideAlone(directory) >= 0) assert.ok(list.couldBringBackBelow(directory), directory);
      }
    }),
    { numRuns: 2000 },
  );
});

test("an ignore file has comments in the first column alone, and any line ends", () => {
  const text = "\ufeff# comment\r\n\r\n  # no comment\r\n*.o  \r\n!keep.o\n";
  const { rules } = parseIgnoreFile(".dockerignore", Buffer.from(text));
  assert.deepEqual(
    rules.map(({ pattern, line }) => [pattern, line]),
    [
      ["# no comment", 3],
      ["*.o", 4],
      ["!keep.o", 5],
    ],
  );
});

test("ruleFor() names the line that hides a path", () => {
  const file = parseIgnoreFile("app.Dockerfile.dockerignore", Buffer.from("*.log\ndist\n!dist/keep\n"));
  assert.deepEqual(ruleFor(file, "dist/a/b" as Bytes), {
    pattern: "dist",
    file: "app.Dockerfile.dockerignore",
    line: 2,
  });
  assert.equal(ruleFor(file, "dist/keep/x" as Bytes), undefined);
});

test("a malformed pattern is an error that names its line", () => {
  for (const line of ["a[", "!", "a\\"]) {
    assert.throws(
      () => parseIgnoreFile(".dockerignore", Buffer.from(`ok\n${line}\n`)),
      (error) => error instanceof TsbuildError && /\.dockerignore:2/.test(error.message),
    );
  }
});

test("cleanPattern() does not cut a UTF-8 character that ends in byte A0", () => {
  assert.equal(cleanPattern(bytesOf(" dir/à ")), bytesOf("dir/à"));
});
