import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { compileGlob, hasWildcard } from "../../builder/context/glob.ts";
import { bytesOf } from "../../builder/core/bytes.ts";

/** Go's path/filepath match_test.go has most of these. */
const MATCHES: readonly (readonly [pattern: string, path: string, matches: boolean])[] = [
  ["abc", "abc", true],
  ["*", "abc", true],
  ["*c", "abc", true],
  ["a*", "a", true],
  ["a*", "abc", true],
  ["a*", "ab/c", false],
  ["a*/b", "abc/b", true],
  ["a*/b", "a/c/b", false],
  ["a*b*c*d*e*/f", "axbxcxdxe/f", true],
  ["a*b*c*d*e*/f", "axbxcxdxexxx/f", true],
  ["a*b*c*d*e*/f", "axbxcxdxe/xxx/f", false],
  ["a*b?c*x", "abxbbxdbxebxczzx", true],
  ["a*b?c*x", "abxbbxdbxebxczzy", false],
  ["ab[c]", "abc", true],
  ["ab[b-d]", "abc", true],
  ["ab[e-g]", "abc", false],
  ["ab[^c]", "abc", false],
  ["ab[^e-g]", "abc", true],
  ["a\\*b", "a*b", true],
  ["a\\*b", "ab", false],
  ["a?b", "a☺b", true],
  ["a[^a]b", "a☺b", true],
  ["a???b", "a☺b", false],
  ["[a-ζ]*", "α", true],
  ["*[a-ζ]", "A", false],
  ["a?b", "a/b", false],
  ["a*b", "a/b", false],
  ["[\\]a]", "]", true],
  ["[\\-]", "-", true],
  ["[x\\-]", "z", false],
  ["[\\-x]", "x", true],
  ["*x", "xxx", true],
  ["**", "a/b", false],
  ["arr[[]0].txt", "arr[0].txt", true],
];

const MALFORMED = ["[]a]", "[-]", "[x-]", "[-x]", "\\", "[a-b-c]", "[", "[^", "[^bc", "a["];

test("glob matches as Go's filepath.Match does", () => {
  for (const [pattern, path, expected] of MATCHES)
    assert.equal(
      compileGlob(bytesOf(pattern), false)?.matches(bytesOf(path)),
      expected,
      `${pattern} ${path}`,
    );
});

test("glob is undefined when Go calls the pattern malformed", () => {
  for (const pattern of MALFORMED) assert.equal(compileGlob(pattern, false), undefined, pattern);
});

test("glob takes a byte that is no UTF-8 as one character", () => {
  const glob = compileGlob("a?b", false);
  assert.equal(glob?.matches("a\xffb"), true);
  assert.equal(glob?.matches("a\xff\xfeb"), false);
  assert.equal(compileGlob("a\xffb", false)?.matches("a\xffb"), true);
});

test("glob crosses slashes with ** and only there", () => {
  const glob = compileGlob("a/**/b*", true);
  for (const path of ["a/b", "a/x/b", "a/x/y/bc"]) assert.equal(glob?.matches(path), true, path);
  for (const path of ["ab", "a/xb", "a/b/c", "b"]) assert.equal(glob?.matches(path), false, path);
});

test("glob answers at once where a backtracking matcher would not", () => {
  const hostile = compileGlob(`${"a*".repeat(60)}${"**/".repeat(30)}[b]`, true);
  const started = process.cpuUsage();
  assert.equal(hostile?.matches("a".repeat(2000)), false);
  const { user } = process.cpuUsage(started);
  assert.ok(user < 2_000_000, `took ${user} µs`);
});

test("couldMatchBelow() is true of every directory above a match", () => {
  const part = fc.stringMatching(/^[ab*?]{1,3}$/);
  const pattern = fc.array(fc.oneof(part, fc.constant("**")), { minLength: 1, maxLength: 4 });
  const path = fc.array(fc.stringMatching(/^[ab]{1,3}$/), { minLength: 2, maxLength: 4 });
  fc.assert(
    fc.property(pattern, path, (parts, names) => {
      const glob = compileGlob(parts.join("/"), true);
      if (glob?.matches(names.join("/")) !== true) return;
      for (let depth = 1; depth < names.length; depth++)
        assert.ok(glob.couldMatchBelow(names.slice(0, depth).join("/")));
    }),
    { numRuns: 500 },
  );
});

test("hasWildcard() does not count escaped characters", () => {
  for (const text of ["a*", "a?", "[a]", "\\\\*"]) assert.equal(hasWildcard(text), true, text);
  for (const text of ["a", "a\\*", "\\[a", "a]"]) assert.equal(hasWildcard(text), false, text);
});
