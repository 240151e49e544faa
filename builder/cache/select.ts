import type { DiffId } from "../core/digest.ts";
import type { TravellingRecord } from "./document.ts";
import type { CacheKey, CacheMode, LocalCache } from "./types.ts";

/**
 * The records of a build that a cache is to have. "min": those of which every layer is in the result, as BuildKit has it
 * (cache/remotecache/v1: the layers of the image and no more). `keys`: for each step the keys that find its record, the one
 * that it lies under first.
 */
export function selectRecords(
  keys: readonly (readonly CacheKey[])[],
  cache: LocalCache,
  mode: CacheMode,
  result: readonly DiffId[],
): readonly TravellingRecord[] {
  const wanted = new Set(result);
  const records = new Map<CacheKey, TravellingRecord>();
  for (const [key, ...others] of keys) {
    const record = key === undefined ? undefined : cache.get(key);
    if (record === undefined) continue;
    if (mode === "min" && !record.layers.every((layer) => wanted.has(layer))) continue;
    const aliases = [...(records.get(record.key)?.aliases ?? []), ...others];
    records.set(record.key, { ...record, aliases: [...new Set(aliases)].sort() });
  }
  return [...records.values()];
}
