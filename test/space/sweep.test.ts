import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import type { CacheKey } from "../../builder/cache/types.ts";
import { hexOf, sha256 } from "../../builder/core/digest.ts";
import { findFile } from "../../builder/space/find.ts";
import { sweep } from "../../builder/space/sweep.ts";
import type { Thing } from "../../builder/space/thing-list.ts";
import type { Found, FoundRecord, Item } from "../../builder/space/types.ts";
import type { Store } from "../../builder/store/types.ts";
import { openLock } from "../../runtime/mounts/cache-mounts.ts";
import { scratchStore } from "../store/scratch.ts";

const remove = async (paths: readonly string[]): Promise<void> => {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
};

function put(store: Store, ...place: readonly string[]): Found {
  const path = join(store.root, ...place);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, place.join(" "));
  return findFile(path) ?? assert.fail();
}

function putFolder(
  store: Store,
  ...place: readonly string[]
): { id: string; file: Found; size: number; description: string } {
  put(store, ...place, "data");
  const id = place.join("/");
  return { id, file: findFile(join(store.root, id)) ?? assert.fail(), size: 1, description: "" };
}

function record(store: Store, name: string, ...aliases: readonly string[]): FoundRecord {
  const one = (text: string): { key: CacheKey; file: Found } => {
    const key = sha256(text) as CacheKey;
    return { key, file: put(store, "records", hexOf(key)) };
  };
  return { ...one(name), layers: [], created: 0, description: "", aliases: aliases.map(one) };
}

function item(kind: Item["kind"], id: string): Item {
  return {
    kind,
    id,
    description: "",
    size: 1,
    created: 0,
    lastUsed: 0,
    keptBy: [],
    inUse: false,
    shared: false,
  };
}

/** A layer with a record that has an alias, a blob and a snapshot. */
function layer(store: Store, name: string, records = [record(store, name, `${name}-alias`)]): Thing {
  return {
    item: item("layer", name),
    records,
    gate: put(store, "layers", hexOf(sha256(name))),
    files: [put(store, "blobs/sha256", hexOf(sha256(name)))],
    folders: [putFolder(store, "snapshots", name)],
    weight: 0,
  };
}

function filesOf({ records, gate, files, folders }: Thing): string[] {
  const recorded = records.flatMap(({ file, aliases }) => [file, ...aliases.map((alias) => alias.file)]);
  return [...recorded, ...(gate ? [gate] : []), ...files, ...folders.map(({ file }) => file)].map(
    ({ path }) => path,
  );
}

function use({ path }: Found): void {
  utimesSync(path, 1, 1);
}

test("sweep() takes a layer with all that leads to it, and tells of the keys", async () => {
  using scratch = scratchStore();
  const [one, other] = [layer(scratch.store, "one"), layer(scratch.store, "other")];
  const { items, keys } = await sweep(scratch.store, [one], remove);
  assert.deepEqual(items, [one.item]);
  assert.deepEqual(keys, [sha256("one"), sha256("one-alias")]);
  for (const path of filesOf(one)) assert.ok(!existsSync(path), path);
  for (const path of filesOf(other)) assert.ok(existsSync(path), path);
});

const USED: readonly (readonly [string, (thing: Thing) => Found | undefined])[] = [
  ["gate", ({ gate }) => gate],
  ["record", ({ records }) => records[0]?.file],
  ["alias", ({ records }) => records[0]?.aliases[0]?.file],
];

for (const [what, of] of USED) {
  test(`sweep() leaves a layer whole whose ${what} was used since it was looked at`, async () => {
    using scratch = scratchStore();
    const thing = layer(scratch.store, "one");
    use(of(thing) ?? assert.fail());
    const texts = thing.records.map(({ file }) => readFileSync(file.path, "utf8"));
    assert.deepEqual(await sweep(scratch.store, [thing], remove), { items: [], keys: [] });
    for (const path of filesOf(thing)) assert.ok(existsSync(path), path);
    assert.deepEqual(
      thing.records.map(({ file }) => readFileSync(file.path, "utf8")),
      texts,
    );
  });
}

test("sweep() takes a record that rests on two layers once, and leaves the second layer where only that is used", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const shared = record(store, "step");
  const [upper, lower] = [layer(store, "upper", [shared]), layer(store, "lower", [shared])];
  assert.ok(lower.gate);
  use(lower.gate);
  const { items, keys } = await sweep(store, [upper, lower], remove);
  assert.deepEqual(items, [upper.item]);
  assert.deepEqual(keys, [shared.key]);
  assert.ok(!existsSync(shared.file.path));
  for (const path of filesOf({ ...lower, records: [] })) assert.ok(existsSync(path), path);
});

test("sweep() leaves a cache mount that somebody opens, or has used", async () => {
  using scratch = scratchStore();
  const { store } = scratch;
  const mount = (id: string): Thing => ({
    item: item("mount", id),
    records: [],
    files: [],
    folders: [putFolder(store, "mounts", id, "0")],
    weight: 0,
  });
  const [opened, used, unused] = [mount("opened"), mount("used"), mount("unused")];
  const [path = ""] = filesOf(opened);
  const other = scratch.reopen();
  using _ = await other.locks.acquire(openLock(other, path));
  use(used.folders[0]?.file ?? assert.fail());
  const { items } = await sweep(store, [opened, used, unused], remove);
  assert.deepEqual(items, [unused.item]);
  for (const thing of [opened, used]) for (const one of filesOf(thing)) assert.ok(existsSync(one), one);
  for (const one of [store, other]) await one.close();
});

test("sweep() of nothing makes nothing", async () => {
  using scratch = scratchStore();
  assert.deepEqual(await sweep(scratch.store, [], () => assert.fail()), { items: [], keys: [] });
  assert.ok(!existsSync(scratch.store.tempPath("x")));
});
