import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cacheKey } from "../../builder/cache/key.ts";
import { openCache } from "../../builder/cache/local.ts";
import { sha256, type Digest, type DiffId } from "../../builder/core/digest.ts";
import { collect, reportSpace, type Remove } from "../../builder/space/collect.ts";
import { takeInventory } from "../../builder/space/inventory.ts";
import { findNeeds } from "../../builder/space/needs.ts";
import { thingsOf } from "../../builder/space/things.ts";
import { addUsage, defaultCap, estimateUsage, writeUsage } from "../../builder/space/usage.ts";
import type { Item, PruneResult } from "../../builder/space/types.ts";
import type { Store } from "../../builder/store/types.ts";
import { scratchStore, type ScratchStore } from "../store/scratch.ts";

const ALL = { all: true, mounts: true };

/** A layer with a blob and a snapshot of one file, which a record leads to. */
function layerIn(store: Store, text: string, below: readonly DiffId[] = []): DiffId {
  const diffId = store.blobs.put(Buffer.from(text.repeat(5000))) as DiffId;
  const snapshot = sha256(text).slice(7, 23);
  mkdirSync(store.path("snapshots", snapshot, "d"), { recursive: true });
  writeFileSync(store.path("snapshots", snapshot, "d", "f"), text.repeat(5000));
  store.layers.update(diffId, { size: 5000 * text.length, snapshot });
  const inputs = { op: { type: "mkdir", path: `/${text}` } };
  openCache(store).put({ key: cacheKey(inputs), inputs, layers: [...below, diffId], created: 1 });
  return diffId;
}

/** An image of these layers, named. */
function imageIn(store: Store, name: string, layers: readonly DiffId[]): Digest {
  const json = (value: unknown): Digest => store.blobs.put(Buffer.from(JSON.stringify(value)));
  const config = json({ rootfs: { type: "layers", diff_ids: layers } });
  const manifest = json({ schemaVersion: 2, config: { digest: config }, layers: [] });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  store.refs.set(name, { mediaType, digest: manifest, size: 1, time: 1, origin: "built" });
  return manifest;
}

async function removeAll(paths: readonly string[]): Promise<void> {
  execFileSync("rm", ["-rf", ...paths]);
}

/** What another process would remove. */
async function prune({ reopen }: ScratchStore, remove: Remove = removeAll): Promise<PruneResult> {
  const store = reopen();
  try {
    const result = await collect(store, ALL, remove, { wait: true });
    assert.ok(result);
    return result;
  } finally {
    await store.close();
  }
}

/** The session ends, and everything was used long ago. */
async function age(store: Store): Promise<void> {
  await store.close();
  execFileSync("find", [store.root, "-exec", "touch", "-h", "-d", "@1000", "{}", "+"]);
}

function byKind(items: readonly Item[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

test("reportSpace() counts every byte that the store takes of the disk", async () => {
  using scratch = scratchStore();
  const { store, root } = scratch;
  const base = layerIn(store, "base");
  imageIn(store, "docker.io/library/app:latest", [base, layerIn(store, "top", [base])]);
  for (const file of ["journal/j", "code/c", "plans/p", "space/pruned", "unknown/x/y", "mounts/m/0/data/z"])
    writeFileSync(store.path(file), "x".repeat(9000));
  const { total, items } = await reportSpace(store);
  assert.equal(total, Number(execFileSync("du", ["-s", "--block-size=1", root]).toString().split("\t")[0]));
  assert.equal(
    total,
    items.reduce((sum, { size }) => sum + size, 0),
  );
  assert.deepEqual(byKind(items), { layer: 2, image: 2, mount: 1, plan: 1, other: 4 });
});

test("reportSpace() says who needs a layer, and what is shared", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const [base, top, free] = [layerIn(store, "base"), layerIn(store, "top"), layerIn(store, "free")];
  imageIn(store, "docker.io/library/app:latest", [base, top]);
  imageIn(store, "example.com/other:1", [base]);
  store.writeFile(
    store.path("containers", "c".repeat(64), "container.json"),
    JSON.stringify({ layers: [top], snapshots: [] }),
  );
  const { items } = await reportSpace(store);
  const keepers = (diffId: DiffId): string =>
    items.find(({ id }) => diffId.endsWith(id))?.keptBy.join(", ") ?? "it is not there";
  assert.equal(keepers(base), "image app:latest, image example.com/other:1");
  assert.equal(keepers(top), `container ${"c".repeat(12)}, image app:latest`);
  assert.equal(keepers(free), "");
});

test("thingsOf() takes no long time where very many records rest on one layer", () => {
  using scratch = scratchStore();
  const { store } = scratch;
  layerIn(store, "base");
  const inventory = takeInventory(store);
  const [one] = inventory.records;
  assert.ok(one);
  const records = Array.from({ length: 200_000 }, () => one);
  const [layer] = thingsOf({ ...inventory, records }, findNeeds(store), 0);
  assert.equal(layer?.records.length, records.length);
});

test("collect() takes all that nothing leads to, with all its faces, and leaves what an image needs", async () => {
  using scratch = scratchStore();
  const { store, root } = scratch;
  const [base, free] = [layerIn(store, "base"), layerIn(store, "free")];
  imageIn(store, "docker.io/library/app:latest", [base]);
  writeFileSync(store.path("blobs/sha256", "d".repeat(64)), "an orphan");
  await age(store);
  const removed: string[] = [];
  const remove = async (paths: readonly string[]): Promise<void> => {
    removed.push(...paths);
    return removeAll(paths);
  };
  const result = await prune(scratch, remove);
  assert.deepEqual(byKind(result.removed), { layer: 1, orphan: 1 });
  assert.equal(removed.length, 1);
  const { layers, blobs } = scratch.reopen();
  assert.equal(layers.get(free), undefined);
  assert.ok(!blobs.has(free) && blobs.has(base) && layers.get(base) !== undefined);
  assert.equal((await prune(scratch, remove)).bytes, 0);
  assert.ok((estimateUsage(root) ?? 0) >= 0);
});

test("collect() keeps what was used since a session that lives began", async () => {
  using scratch = scratchStore();
  const free = layerIn(scratch.store, "free");
  await age(scratch.store);
  const other = scratch.reopen();
  assert.ok(other.layers.get(free), "the other session uses it");
  assert.deepEqual((await prune(scratch)).removed, []);
  await age(other);
  assert.deepEqual(byKind((await prune(scratch)).removed), { layer: 1 });
});

test("usage is what was found and what builds added since, until there are too many lines", () => {
  using scratch = scratchStore();
  const { store, root } = scratch;
  assert.equal(estimateUsage(root), undefined);
  writeUsage(store, 100.7);
  assert.equal(estimateUsage(root), 100);
  assert.equal(existsSync(join(root, "unsynced")), false, "there is nothing to be lost with the power");
  addUsage(store, 5);
  addUsage(store, 7);
  assert.equal(estimateUsage(root), 136);
  writeFileSync(join(root, "space/usage"), "no number\n12\n");
  assert.equal(estimateUsage(root), 12);
  writeFileSync(join(root, "space/usage"), "1\n".repeat(1001));
  assert.equal(estimateUsage(root), undefined);
  assert.ok(defaultCap(root) >= 10 * 2 ** 30);
});
