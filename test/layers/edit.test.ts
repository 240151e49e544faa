import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { toBuffer, type Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import { parentOf } from "../../builder/core/paths.ts";
import { editTree } from "../../builder/layers/edit.ts";
import { pathOf } from "../../builder/layers/path-order.ts";
import type { NewChange, TreeEditor } from "../../builder/layers/types.ts";
import { unionTree } from "../../builder/layers/union.ts";
import { entries, layers, putOf } from "./arbitraries.ts";
import { change, dump, entryOf, fileOf, indexOf, tarOf } from "./helpers.ts";

const nothing = () => assert.fail("the bytes are in the index");

function treeOf(...stack: readonly (readonly NewChange[])[]) {
  return unionTree(stack.map(indexOf), nothing);
}

function put(editor: TreeEditor, wish: NewChange): void {
  if (wish.kind === "entry") editor.put(wish.entry, wish.content);
}

function kinds(changes: readonly NewChange[]): string[] {
  return changes.map(
    (change) => `${change.kind === "entry" ? change.entry.type : change.kind} ${pathOf(change)}`,
  );
}

test("what an editor shows is what its changes make of the base", () => {
  const wishes = fc.array(fc.tuple(fc.constantFrom("put", "put", "remove", "link"), entries), {
    maxLength: 25,
  });
  fc.assert(
    fc.property(layers, wishes, (base, wishes) => {
      const editor = editTree(treeOf(base));
      for (const [verb, entry] of wishes) {
        const { path } = entry;
        if (verb === "remove") editor.remove(path);
        else if (editor.stat(parentOf(path))?.type === "directory") {
          const there = editor.stat(path)?.type;
          const files = editor
            .changes()
            .flatMap((c) => (c.kind === "entry" && c.entry.type === "file" ? [c.entry] : []));
          const target = files.find((file) => file.path !== path);
          if (verb === "link" && target !== undefined && there !== "directory") {
            editor.put({ ...target, path, type: "hardlink", size: 0, link: target.path });
          } else if (entry.type === "directory" || there !== "directory") put(editor, putOf(entry));
        }
      }
      const changes = editor.changes();
      const shown = [...dump(editor)].map(([path, what]) => [path, ofContent(what)]);
      const made = [...dump(treeOf(base, changes))].map(([path, what]) => [path, ofContent(what)]);
      assert.deepEqual(made, shown);
    }),
    { numRuns: 500 },
  );
});

/** One name of a file may be the link or the file. */
function ofContent(what: string): string {
  return what
    .replace(/"type":"(file|hardlink)"/, "")
    .replace(/"size":\d+/, "")
    .replace(/,"link":"[^"]*"/, "");
}

test("put() says again what the parents are like", () => {
  const base = treeOf([
    change("tmp", "directory", { mode: 0o1777 }),
    change("tmp/a", "directory", { uid: 7 }),
    fileOf("tmp/b", "x"),
  ]);
  const editor = editTree(base);
  put(editor, fileOf("tmp/a/new", "1"));
  assert.deepEqual(kinds(editor.changes()), ["directory tmp", "directory tmp/a", "file tmp/a/new"]);
  assert.deepEqual(editor.changes()[0], change("tmp", "directory", { mode: 0o1777 }));
});

test("remove() leaves a whiteout only where lower layers have something", () => {
  const editor = editTree(treeOf([change("d", "directory"), fileOf("d/f", "x"), fileOf("e", "y")]));
  put(editor, fileOf("mine", "z"));
  for (const path of ["mine", "d", "e", "missing"]) editor.remove(path as Bytes);
  assert.deepEqual(kinds(editor.changes()), ["whiteout d", "whiteout e"]);
  put(editor, change("d", "directory"));
  put(editor, fileOf("e", "again"));
  assert.deepEqual(kinds(editor.changes()), ["directory d", "opaque d", "file e"]);
  assert.deepEqual(editor.list("d" as Bytes), []);
});

test("put() of a directory over a directory keeps what is in it", () => {
  const editor = editTree(treeOf([change("d", "directory"), fileOf("d/f", "x")]));
  put(editor, change("d", "directory", { mode: 0o700 }));
  assert.equal(editor.stat("d" as Bytes)?.mode, 0o700);
  assert.deepEqual(editor.list("d" as Bytes), ["f"]);
  assert.deepEqual(kinds(editor.changes()), ["directory d"]);
});

test("put() refuses a file over a directory and a path below a file", () => {
  const editor = editTree(treeOf([change("d", "directory"), fileOf("f", "x")]));
  assert.throws(() => put(editor, fileOf("d", "x")), { code: "COPY_CONFLICT" });
  assert.throws(() => put(editor, fileOf("f/g", "x")), /its parent is not a directory/);
  assert.throws(() => put(editor, fileOf("no/g", "x")), /its parent is not a directory/);
});

test("another name of a file that is replaced becomes the file", async () => {
  const editor = editTree(treeOf([]));
  put(editor, fileOf("b", "first"));
  for (const path of ["a", "c"]) put(editor, change(path, "hardlink", { link: "b" as Bytes }));
  put(editor, fileOf("b", "second"));
  assert.deepEqual(kinds(editor.changes()), ["file a", "file b", "hardlink c"]);
  assert.deepEqual(editor.hash("c" as Bytes), sha256("first"));
  const { tar, index } = await tarOf(editor.changes());
  const [first] = index.changes;
  const offset = first?.kind === "entry" ? (first.offset ?? 0) : 0;
  assert.deepEqual(tar.subarray(offset, offset + 5), toBuffer("first" as Bytes));
});

test("put() of a link to a file of the base makes a file", () => {
  const editor = editTree(treeOf([fileOf("a", "bytes"), change("b", "hardlink", { link: "a" as Bytes })]));
  put(editor, change("c", "hardlink", { link: "b" as Bytes }));
  assert.deepEqual(editor.changes(), [fileOf("c", "bytes")]);
});

test("a link that sorts before its file becomes the file", () => {
  const editor = editTree(treeOf([]));
  put(editor, fileOf("z", "bytes"));
  put(editor, change("a", "hardlink", { link: "z" as Bytes }));
  const [first, second] = editor.changes();
  assert.deepEqual(first, fileOf("a", "bytes"));
  assert.deepEqual(second, change("z", "hardlink", { link: "a" as Bytes }));
  assert.deepEqual(editor.stat("z" as Bytes), entryOf("z", "file", { size: 5 }));
});
