import assert from "node:assert/strict";
import { test } from "node:test";
import type { CacheDocument, TravellingRecord } from "../../builder/cache/document.ts";
import { importingCache, type Offer } from "../../builder/cache/imports.ts";
import { cacheKey } from "../../builder/cache/key.ts";
import type { CacheSource } from "../../builder/cache/places.ts";
import type { Cache, CacheKey, CacheRecord } from "../../builder/cache/types.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { MEDIA_TYPES } from "../../builder/image/types.ts";
import { Machine } from "../solver/fake.ts";

function record(name: string, layer: string, aliases: readonly CacheKey[] = []): TravellingRecord {
  const inputs = { op: name };
  return { key: cacheKey(inputs), inputs, layers: [sha256(layer) as DiffId], created: 1, aliases };
}

function documentOf(...records: readonly TravellingRecord[]): CacheDocument {
  const layers = records.flatMap((one) => one.layers);
  return {
    records,
    layers: layers.map((diffId) => ({
      diffId,
      blob: { mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size: 1 },
    })),
  };
}

interface Bench {
  readonly cache: Cache;
  readonly local: Machine;
  /** Caches that were read, and layers with where they were offered. */
  readonly log: string[];
}

/** `gone`: layers that this machine does not have and nobody gives. */
function open(
  documents: Readonly<Record<string, CacheDocument | undefined>>,
  gone: readonly string[] = [],
): Bench {
  const local = new Machine();
  const log: string[] = [];
  const lost = new Set(gone.map((text) => sha256(text)));
  const sources = Object.keys(documents).map((label): CacheSource => ({
    label,
    load: () => assert.fail("load() is asked"),
    open: () => assert.fail("no layer is read"),
  }));
  const cache = importingCache({
    local: local.cache,
    sources,
    async load({ label }) {
      log.push(`load ${label}`);
      return documents[label];
    },
    openLayer(diffId: DiffId, offers: readonly Offer[]) {
      if (offers.length > 0) log.push(`open ${offers.map(({ source }) => source.label).join(" ")}`);
      return offers.length > 0 || !lost.has(diffId);
    },
  });
  return { cache, local, log };
}

function bare({ key, inputs, layers, created }: TravellingRecord): CacheRecord {
  return { key, inputs, layers, created };
}

test("importingCache() reads no cache for what this machine knows, and each once for what it does not", async () => {
  const [own, theirs, nobody] = [record("own", "1"), record("theirs", "2"), record("nobody", "3")];
  const { cache, local, log } = open({ a: documentOf(theirs), b: undefined });
  local.cache.put(bare(own));
  assert.deepEqual(await cache.get(own.key), bare(own));
  assert.deepEqual(log, []);
  assert.equal(await cache.get(nobody.key), undefined);
  assert.deepEqual(await cache.get(theirs.key), bare(theirs));
  assert.deepEqual(log, ["load a", "load b", "open a"]);
  assert.deepEqual(local.cache.get(theirs.key), bare(theirs), "from now on this machine knows it");
});

test("importingCache() goes by the order of caches, and gives all their layers to choose from", async () => {
  const [first, second] = [record("one", "same"), { ...record("one", "same"), created: 2 }];
  const { cache, log } = open({ a: documentOf(first), b: documentOf(second) });
  assert.equal((await cache.get(first.key))?.created, 1);
  assert.equal(log.at(-1), "open a b");
});

test("importingCache() finds by aliases, of which a record's own key counts more", async () => {
  const other = record("other", "2");
  const one = record("one", "1", [cacheKey("alias"), other.key]);
  const { cache, local } = open({ a: documentOf(one, other) });
  assert.equal((await cache.get(cacheKey("alias")))?.key, one.key);
  assert.equal(local.cache.get(cacheKey("alias"))?.key, one.key);
  assert.equal((await open({ a: documentOf(one, other) }).cache.get(other.key))?.key, other.key);
});

test("importingCache() asks for what this machine knows but has lost the layers of", async () => {
  const [lost, found] = [record("one", "lost"), { ...record("one", "found"), created: 2 }];
  const there = open({ a: documentOf(found) }, ["lost"]);
  there.local.cache.put(bare(lost));
  assert.equal((await there.cache.get(lost.key))?.created, 2);
  const nowhere = open({ a: documentOf() }, ["lost"]);
  nowhere.local.cache.put(bare(lost));
  assert.equal((await nowhere.cache.get(lost.key))?.created, 1, "the solver says that its layers are gone");
});
