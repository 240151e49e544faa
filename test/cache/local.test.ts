import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { cacheKey } from "../../builder/cache/key.ts";
import { openCache } from "../../builder/cache/local.ts";
import type { CacheRecord } from "../../builder/cache/types.ts";
import { hexOf, sha256, type DiffId } from "../../builder/core/digest.ts";
import { openStore } from "../../builder/store/open.ts";
import type { Store } from "../../builder/store/types.ts";

const gzip = { mediaType: "gzip", digest: sha256("gzip"), size: 1 };

function scratch(t: TestContext): Store {
  const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(root, { recursive: true }));
  return openStore({ root, env: {} });
}

/** A record whose only layer's blob is here. */
function recordIn(store: Store, text = "a"): CacheRecord {
  const layer = store.blobs.put(Buffer.from(text)) as DiffId;
  store.layers.update(layer, { size: text.length });
  const inputs = { by: "definition", op: text };
  return { key: cacheKey(inputs), inputs, layers: [layer], created: 1 };
}

test("cacheKey() is the same for equal inputs in any order of members", () => {
  assert.equal(cacheKey({ a: 1, b: [{ c: 2, d: 3 }] }), cacheKey({ b: [{ d: 3, c: 2 }], a: 1 }));
  assert.notEqual(cacheKey({ a: ["b", "c"] }), cacheKey({ a: ["bc"] }));
  assert.notEqual(cacheKey(["x"]), sha256('["x"]'), "the format is part of the key");
});

test("get() gives what put() stored, to other processes too", (t) => {
  const store = scratch(t);
  const record = recordIn(store);
  const cache = openCache(store);
  assert.equal(cache.get(record.key), undefined);
  cache.put(record);
  assert.deepEqual(cache.get(record.key), record);
  assert.deepEqual(openCache(openStore({ root: store.root, env: {} })).get(record.key), record);
});

test("get() finds a record by its alias, under its own key", (t) => {
  const store = scratch(t);
  const record = recordIn(store);
  const cache = openCache(store);
  const alias = cacheKey("alias");
  cache.alias(alias, record.key);
  assert.equal(cache.get(alias), undefined, "an alias of nothing");
  cache.put(record);
  assert.deepEqual(cache.get(alias), record);
  cache.alias(record.key, record.key);
  assert.deepEqual(cache.get(record.key), record, "a key is no alias of itself");
  cache.alias(cacheKey("chain"), alias);
  assert.equal(cache.get(cacheKey("chain")), undefined, "and chains are not followed");
});

test("get() misses when a record's file is damaged at any byte, or cut at any length", (t) => {
  const store = scratch(t);
  const record = recordIn(store);
  const cache = openCache(store);
  cache.put(record);
  const path = join(store.root, "records", hexOf(record.key));
  const good = readFileSync(path);
  for (let at = 0; at < good.length - 1; at++) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 1;
    writeFileSync(path, bad);
    assert.equal(cache.get(record.key), undefined, `byte ${at}`);
    writeFileSync(path, good.subarray(0, at));
    assert.equal(cache.get(record.key), undefined, `length ${at}`);
  }
  writeFileSync(path, Buffer.alloc(good.length));
  assert.equal(cache.get(record.key), undefined);
  writeFileSync(path, good);
  assert.deepEqual(cache.get(record.key), record);
});

const faces: readonly [string, (store: Store, layer: DiffId) => void, boolean][] = [
  ["its blob is here", () => {}, true],
  ["its blob is gone", (store, layer) => void store.blobs.delete(layer), false],
  [
    "only a snapshot is here",
    (store, layer) => {
      store.blobs.delete(layer);
      store.layers.update(layer, { snapshot: "s" });
      writeFileSync(store.path("snapshots", "s"), "");
    },
    false,
  ],
  [
    "a registry has it",
    (store, layer) => {
      store.blobs.delete(layer);
      store.layers.update(layer, { compressed: [gzip] });
    },
    true,
  ],
  ["nothing is known of it", (store, layer) => rmSync(join(store.root, "layers", hexOf(layer))), false],
];
for (const [what, change, found] of faces) {
  test(`get() ${found ? "finds" : "misses"} a record with a layer when ${what}`, (t) => {
    const store = scratch(t);
    const record = recordIn(store);
    openCache(store).put(record);
    change(store, record.layers[0] as DiffId);
    assert.deepEqual(
      openCache(openStore({ root: store.root, env: {} })).get(record.key),
      found ? record : undefined,
    );
  });
}

test("get() finds a record with a layer that the store has never seen when it can be fetched", (t) => {
  const store = scratch(t);
  const base = sha256("base") as DiffId;
  const record = { ...recordIn(store), layers: [base] };
  openCache(store).put(record);
  assert.equal(openCache(store).get(record.key), undefined);
  assert.deepEqual(openCache(store, (diffId) => diffId === base).get(record.key), record);
});
