import { readFileSync } from "node:fs";
import { join } from "node:path";
import { hexOf, isDigest, sha256, type DiffId } from "../core/digest.ts";
import { errnoOf } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { LayerRecord, Store } from "../store/types.ts";
import type { CacheKey, CacheRecord, LocalCache } from "./types.ts";

/** What is stored under a key. */
export type StoredRecord =
  | { readonly alias: CacheKey }
  | { readonly inputs: Json; readonly layers: readonly DiffId[]; readonly created: number };

/**
 * The cache of this machine: one small file for each key, in the store. A look-up reads one file, an alias's two.
 * `canFetch` tells of layers that the store may not know: those of base images, which a registry gives when asked.
 */
export function openCache(store: Store, canFetch: (diffId: DiffId) => boolean = () => false): LocalCache {
  const known = new Set<DiffId>();
  const place = (key: CacheKey): string => join(store.root, "records", hexOf(key));
  // Layers repeat from step to step: each is looked at once.
  const isHere = (diffId: DiffId): boolean => {
    if (known.has(diffId)) return true;
    const here = canBeOpened(store, store.layers.get(diffId)) || canFetch(diffId);
    if (here) known.add(diffId);
    return here;
  };
  const write = (key: CacheKey, stored: StoredRecord): void => {
    const json = JSON.stringify(stored);
    store.writeFile(place(key), `${sha256(json)}\n${json}\n`);
  };
  return {
    get(key) {
      const first = read(store, place(key));
      const canonical = first !== undefined && "alias" in first ? first.alias : key;
      const stored = canonical === key ? first : read(store, place(canonical));
      if (stored === undefined || "alias" in stored || !stored.layers.every(isHere)) return undefined;
      return { key: canonical, ...stored } satisfies CacheRecord;
    },
    put: ({ key, inputs, layers, created }) => write(key, { inputs, layers, created }),
    alias(alias, key) {
      if (alias !== key) write(alias, { alias: key });
    },
  };
}

function read(store: Store, path: string): StoredRecord | undefined {
  return store.touch(path) ? readRecordFile(path) : undefined;
}

/** What the file of a key says. One that is torn, or that is not there, says nothing. */
export function readRecordFile(path: string): StoredRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    // A record that cannot be read is a step that runs; writing its new record tells what is wrong with the store.
    if (errnoOf(error) !== undefined) return undefined;
    throw error;
  }
  const end = text.indexOf("\n");
  const json = text.slice(end + 1, -1);
  if (end < 0 || text.slice(0, end) !== sha256(json)) return undefined;
  return check(JSON.parse(json));
}

/** The digest says that the bytes are those that were written, not that this version wrote them. */
function check(value: unknown): StoredRecord | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const stored = value as Readonly<Record<string, unknown>>;
  if ("alias" in stored)
    return isDigest(stored["alias"]) ? { alias: stored["alias"] as CacheKey } : undefined;
  const { inputs, layers, created } = stored;
  if (!Array.isArray(layers) || !layers.every(isDigest) || typeof created !== "number") return undefined;
  return { inputs: (inputs ?? null) as Json, layers: layers as unknown as DiffId[], created };
}

/**
 * Its blob is here, or a registry had it: whether it still has, only a pull tells. A snapshot alone, which only a damaged
 * store has (docs/dev/store.md), is not enough: no output could be made of it.
 */
function canBeOpened(store: Store, layer: LayerRecord | undefined): boolean {
  if (layer === undefined) return false;
  return layer.compressed.length > 0 || store.blobs.has(layer.diffId);
}
