import assert from "node:assert/strict";
import { test } from "node:test";
import { TsbuildError } from "../../../builder/core/errors.ts";
import { editTree } from "../../../builder/layers/edit.ts";
import { planMkdir } from "../../../builder/ops/copy/mkdir.ts";
import { describeTree, memoryTree, type MemoryFile } from "../../support/memory-tree.ts";

function made(path: string, files: Readonly<Record<string, MemoryFile>>): string[] {
  const editor = editTree(memoryTree(files));
  planMkdir(path, { uid: 5, gid: 6 }, editor, 9);
  return describeTree(editor);
}

test("planMkdir() makes every missing directory the user's", () => {
  assert.deepEqual(made("/a/b/c", { "a/": {} }), [
    "a directory 755 0:0",
    "a/b directory 755 5:6 @9",
    "a/b/c directory 755 5:6 @9",
  ]);
});

test("planMkdir() leaves what is there as it is", () => {
  assert.deepEqual(made("/a", { "a/": { mode: 0o700, uid: 1 } }), ["a directory 700 1:0"]);
  assert.deepEqual(made("/", {}), []);
});

test("planMkdir() follows symlinks inside the root", () => {
  assert.deepEqual(made("/l/x", { l: { link: "../../real" }, "real/": {} }), [
    "l symlink 777 0:0 -> ../../real",
    "real directory 755 0:0",
    "real/x directory 755 5:6 @9",
  ]);
});

test("planMkdir() fails where a component is a file", () => {
  for (const path of ["/f", "/f/x"]) {
    assert.throws(
      () => made(path, { f: "1" }),
      (error) =>
        error instanceof TsbuildError &&
        error.code === "COPY_CONFLICT" &&
        /"\/f" is not a directory/.test(error.message),
    );
  }
});
