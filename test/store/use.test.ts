import assert from "node:assert/strict";
import { readdirSync, statSync, utimesSync, writeFileSync, chmodSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { scratchStore } from "./scratch.ts";

const OLD = 1_000_000;

test("touch() tells others of the session first, and says whether the file is there", async () => {
  using scratch = scratchStore();
  const path = join(scratch.root, "thing");
  assert.equal(scratch.store.touch(path), false);
  assert.deepEqual(readdirSync(scratch.root), [], "who uses nothing is in nobody's way");
  writeFileSync(path, "");
  utimesSync(path, OLD, OLD);
  const other = scratch.reopen();
  assert.deepEqual(await other.livingSince(), []);
  assert.equal(scratch.store.touch(path), true);
  const [since, ...more] = await other.livingSince();
  assert.ok(since !== undefined && since - 1 <= statSync(path).mtimeMs);
  assert.deepEqual(more, []);
  await scratch.store.close();
  assert.deepEqual(await other.livingSince(), []);
});

test("a file of a store that cannot be written to is there, and one that is not there is not", () => {
  using scratch = scratchStore();
  chmodSync(scratch.root, 0o755);
  const [there, gone] = [join(scratch.root, "thing"), join(scratch.root, "nothing")];
  writeFileSync(there, "");
  // Root may set any file's times: nobody else may those of root's.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) process.seteuid?.(65_534);
  try {
    assert.equal(scratch.store.touch(isRoot ? there : "/etc/passwd"), true);
    assert.equal(scratch.store.touch(gone), false);
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
});

test("get() and use() mark what they find as used, peek() and has() do not", async () => {
  using scratch = scratchStore();
  const digest = scratch.store.blobs.put(Buffer.from("layer"));
  const diffId = sha256("layer") as DiffId;
  scratch.store.layers.update(diffId, { size: 5 });
  const blob = scratch.store.blobs.path(digest);
  const layer = join(scratch.root, "layers", diffId.slice(7));
  const age = (): void => {
    for (const path of [blob, layer]) utimesSync(path, OLD, OLD);
  };
  const other = scratch.reopen();
  age();
  assert.ok(other.layers.peek(diffId));
  assert.ok(other.blobs.has(digest));
  assert.ok(isOld(blob) && isOld(layer));
  assert.ok(other.layers.get(diffId));
  assert.ok(other.blobs.use(digest));
  assert.ok(!isOld(blob) && !isOld(layer));
  age();
  const third = scratch.reopen();
  third.blobs.put(Buffer.from("layer"));
  assert.ok(!isOld(blob), "what is stored again is in use");
  for (const store of [scratch.store, other, third]) await store.close();
});

function isOld(path: string): boolean {
  return statSync(path).mtimeMs === OLD * 1000;
}
