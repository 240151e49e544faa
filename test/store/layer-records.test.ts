import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hexOf, sha256, type DiffId } from "../../builder/core/digest.ts";
import { scratchStore } from "./scratch.ts";

const diffId = sha256("layer") as DiffId;
const gzip = { mediaType: "gzip", digest: sha256("gzip"), size: 1 };
const zstd = { mediaType: "zstd", digest: sha256("zstd"), size: 2 };

test("update() adds to what is known", () => {
  using scratch = scratchStore();
  const { layers } = scratch.store;
  assert.equal(layers.get(diffId), undefined);
  assert.deepEqual(layers.update(diffId, { size: 10 }), { diffId, size: 10, compressed: [] });
  layers.update(diffId, { compressed: [gzip] });
  layers.update(diffId, { compressed: [zstd, gzip], snapshot: "s1" });
  const expected = { diffId, size: 10, snapshot: "s1", compressed: [gzip, zstd] };
  assert.deepEqual(layers.get(diffId), expected);
  assert.deepEqual(scratch.reopen().layers.get(diffId), expected);
});

const damaged: readonly [string, string][] = [
  ["torn", `{"diffId":"${diffId}","size":10,"comp`],
  ["empty", ""],
  ["zeros", "\0".repeat(40)],
  ["no object", "[]"],
  ["another layer's", JSON.stringify({ diffId: sha256("other"), compressed: [] })],
];
for (const [what, text] of damaged) {
  test(`get() takes a record for absent when it is ${what}`, () => {
    using scratch = scratchStore();
    mkdirSync(join(scratch.root, "layers"));
    writeFileSync(join(scratch.root, "layers", hexOf(diffId)), text);
    assert.equal(scratch.store.layers.get(diffId), undefined);
    assert.deepEqual(scratch.store.layers.update(diffId, { size: 1 }), { diffId, size: 1, compressed: [] });
  });
}

test("get() takes nothing from a record that leads out of the store", () => {
  using scratch = scratchStore();
  mkdirSync(join(scratch.root, "layers"));
  const compressed = [{ mediaType: "x", digest: "../../etc/passwd", size: 1 }, gzip];
  for (const snapshot of ["../../etc", "..", "a/b", ""]) {
    const text = JSON.stringify({ diffId, snapshot, size: -1, compressed });
    writeFileSync(join(scratch.root, "layers", hexOf(diffId)), text);
    assert.deepEqual(scratch.store.layers.get(diffId), { diffId, compressed: [gzip] });
  }
});
