import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { comparePaths, sortChanges } from "../../builder/layers/path-order.ts";
import { paths } from "./arbitraries.ts";

test("comparePaths() puts a directory directly before what is in it", () => {
  const sorted = ["a", "a/b", "a/b/c", "a-b", "a-b/c", "a.b", "ab", "b"];
  assert.deepEqual([...sorted].reverse().sort(comparePaths), sorted);
});

test("comparePaths() compares components by bytes", () => {
  fc.assert(
    fc.property(paths, paths, (a, b) => {
      // NUL sorts before every byte that a name can have, and so ends a component as "/" does here.
      const [left, right] = [a.replaceAll("/", "\0"), b.replaceAll("/", "\0")];
      assert.equal(Math.sign(comparePaths(a, b)), Number(left > right) - Number(left < right));
      assert.equal(Math.sign(comparePaths(a, b)) + Math.sign(comparePaths(b, a)), 0);
    }),
  );
});

test("sortChanges() gives back what is sorted", () => {
  const sorted = [
    { kind: "whiteout", path: "a" },
    { kind: "opaque", path: "a" },
    { kind: "whiteout", path: "a/b" },
  ] as const;
  assert.equal(sortChanges(sorted), sorted);
  assert.deepEqual(sortChanges([...sorted].reverse()), sorted);
});
