import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import type { Bytes } from "../../builder/core/bytes.ts";
import { sha256 } from "../../builder/core/digest.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { parentOf } from "../../builder/core/paths.ts";
import { flatten } from "../../builder/layers/flatten.ts";
import { pathOf } from "../../builder/layers/path-order.ts";
import type { NewChange } from "../../builder/layers/types.ts";
import { unionTree } from "../../builder/layers/union.ts";
import { layers } from "./arbitraries.ts";
import { change, dump, entryOf, fileOf, indexOf } from "./helpers.ts";

const nothing = () => assert.fail("the bytes are in the index");

function union(...stack: readonly (readonly NewChange[])[]) {
  return unionTree(stack.map(indexOf), nothing);
}

/** The same as the union, but one layer after the other, as somebody who unpacks them does it. */
function applied(stack: readonly (readonly NewChange[])[]): Map<string, string> {
  const tree = new Map<Bytes, { entry: Entry; bytes?: string }>();
  const clear = (path: Bytes, self: boolean) => {
    for (const at of tree.keys()) if ((self && at === path) || at.startsWith(`${path}/`)) tree.delete(at);
  };
  const makeDirectory = (path: Bytes) => {
    if (path === "" || tree.get(path)?.entry.type === "directory") return;
    makeDirectory(parentOf(path));
    tree.set(path, { entry: entryOf(path, "directory", { mtime: 0 }) });
  };
  for (const changes of stack) {
    for (const change of changes) if (change.kind !== "entry") clear(change.path, change.kind === "whiteout");
    for (const change of changes) {
      const path = pathOf(change);
      makeDirectory(parentOf(path));
      if (change.kind !== "entry") continue;
      const { entry, content } = change;
      if (entry.type !== "directory") clear(path, true);
      const bytes = content?.kind === "bytes" ? Buffer.from(content.data).toString("latin1") : undefined;
      tree.set(path, { entry, ...(bytes === undefined ? {} : { bytes }) });
    }
  }
  return new Map([...tree].map(([path, { entry, bytes }]) => [path, JSON.stringify([entry, bytes])]));
}

function sorted(map: Map<string, string>): [string, string][] {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

test("unionTree() is what unpacking the layers one after another makes", () => {
  fc.assert(
    fc.property(fc.array(layers, { maxLength: 4 }), (stack) => {
      assert.deepEqual(sorted(dump(union(...stack))), sorted(applied(stack)));
    }),
    { numRuns: 500 },
  );
});

test("flatten() makes one layer that says the same", () => {
  fc.assert(
    fc.property(fc.array(layers, { maxLength: 3 }), (stack) => {
      const tree = union(...stack);
      assert.deepEqual(sorted(dump(union([...flatten(tree)]))), sorted(dump(tree)));
    }),
  );
});

test("unionTree() has a root even where no layer is", () => {
  const tree = unionTree([], nothing);
  assert.deepEqual(tree.stat("" as Bytes), entryOf("", "directory", { mtime: 0 }));
  assert.deepEqual(tree.list("" as Bytes), []);
  assert.equal(tree.stat("a" as Bytes), undefined);
});

test("an opaque root hides all lower layers", () => {
  const tree = union([fileOf("a", "1")], [{ kind: "opaque", path: "" as Bytes }, fileOf("b", "2")]);
  assert.deepEqual(tree.list("" as Bytes), ["b"]);
});

test("a hard link keeps the bytes of a file that an upper layer replaces", () => {
  const lower = [fileOf("a", "old"), change("b", "hardlink", { link: "a" as Bytes })];
  const before = union(lower);
  assert.equal(before.stat("b" as Bytes)?.type, "hardlink");
  assert.equal(before.hash("b" as Bytes), sha256("old"));
  const after = union(lower, [fileOf("a", "new")]);
  assert.deepEqual(after.stat("b" as Bytes), entryOf("b", "file", { size: 3 }));
  assert.equal(after.hash("b" as Bytes), sha256("old"));
  assert.equal(after.hash("a" as Bytes), sha256("new"));
});

test("a hard link may name a file of a lower layer", () => {
  const tree = union([fileOf("z", "below")], [change("a", "hardlink", { link: "z" as Bytes })]);
  assert.equal(tree.hash("a" as Bytes), sha256("below"));
  assert.deepEqual(
    [...flatten(tree)].map((put) => put.kind === "entry" && [put.entry.path, put.entry.type, put.entry.link]),
    [
      ["a", "file", undefined],
      ["z", "hardlink", "a"],
    ],
  );
});

test("a hard link to a symlink or a fifo is one of its own, also where a lower layer has it", () => {
  const l = change("l", "symlink", { link: "to" as Bytes, mode: 0o777 });
  const p = change("p", "fifo");
  const [l2, p2] = ["l", "p"].map((path) => change(`${path}2`, "hardlink", { link: path as Bytes }));
  assert.ok(l2 !== undefined && p2 !== undefined);
  for (const tree of [union([l, l2, p, p2]), union([l, p], [l2, p2])]) {
    assert.deepEqual(
      tree.stat("l2" as Bytes),
      entryOf("l2", "symlink", { link: "to" as Bytes, mode: 0o777 }),
    );
    assert.deepEqual(tree.stat("p2" as Bytes), entryOf("p2", "fifo"));
    assert.deepEqual([...flatten(tree)].length, 4);
    assert.throws(() => tree.content("l2" as Bytes), { code: "INTERNAL" });
  }
});

test("a hard link that leads nowhere is the image's fault", () => {
  const circle = ["a", "b"].map((path) =>
    change(path, "hardlink", { link: (path === "a" ? "b" : "a") as Bytes }),
  );
  for (const layer of [circle, [change("a", "hardlink", { link: "gone" as Bytes })]]) {
    assert.throws(() => union(layer).stat("a" as Bytes), { code: "IMAGE_INVALID" });
  }
});

test("content() says what is in the way", () => {
  const tree = union([change("d", "directory")]);
  assert.throws(() => tree.content("d" as Bytes), /it is a directory/);
  assert.throws(() => tree.hash("e" as Bytes), /it is not there/);
});
