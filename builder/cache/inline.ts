import { parseJson } from "../core/json.ts";
import type { DiffId } from "../core/digest.ts";
import { INLINE_CACHE } from "../image/build.ts";
import { Fields } from "../image/fields.ts";
import type { Descriptor } from "../image/types.ts";
import { cacheJson, readCache, type CacheDocument, type TravellingRecord } from "./document.ts";

/** What an image carries: records alone, as its layers are the blobs. */
export function inlineCache(records: readonly TravellingRecord[]): object {
  const diffIds = new Set(records.flatMap(({ layers }) => layers));
  return cacheJson({ layers: [...diffIds].map((diffId) => ({ diffId })), records });
}

/** The cache in the config of an image with these layers; undefined where it carries none. */
export function readInlineCache(
  config: Buffer,
  layers: readonly Descriptor[],
  what: string,
): CacheDocument | undefined {
  const fields = new Fields(parseJson(config, what), what);
  const inline = fields.optionalObject(INLINE_CACHE);
  if (inline === undefined) return undefined;
  const cache = readCache(inline, what);
  const diffIds = fields.object("rootfs").digests("diff_ids") ?? [];
  const blobs = new Map(diffIds.map((diffId, index) => [diffId as DiffId, layers[index]]));
  return {
    records: cache.records,
    layers: cache.layers.map(({ diffId }) => {
      const blob = blobs.get(diffId);
      return blob === undefined ? { diffId } : { diffId, blob };
    }),
  };
}
