import { parseBundle, serializeBundle } from "../../builder/cache/bundle-document.ts";
import {
  parseCache,
  serializeCache,
  type CacheDocument,
  type TravellingRecord,
} from "../../builder/cache/document.ts";
import { inlineCache, readInlineCache } from "../../builder/cache/inline.ts";
import type { DiffId } from "../../builder/core/digest.ts";
import { INLINE_CACHE } from "../../builder/image/build.ts";
import { MEDIA_TYPES, type Descriptor } from "../../builder/image/types.ts";

/** The forms that records travel in: that of registries and directories, that of images, that of `cache save`. */
export const FORMATS = ["cache", "inline", "bundle"] as const;
export type Format = (typeof FORMATS)[number];

/** Records as another machine reads them. `image`: the layers of the result, which an inline cache has the blobs of. */
export function travel(
  records: readonly TravellingRecord[],
  image: readonly DiffId[],
  format: Format,
): CacheDocument {
  const diffIds = [...new Set(records.flatMap(({ layers }) => layers))];
  const layers = diffIds.map((diffId) => ({ diffId, blob: blobOf(diffId) }));
  switch (format) {
    case "cache":
      return parseCache(serializeCache({ layers, records }), "the cache");
    case "bundle":
      return parseBundle(serializeBundle({ layers, records, mounts: [] }), "the bundle");
    case "inline": {
      const config = { rootfs: { diff_ids: image }, [INLINE_CACHE]: inlineCache(records) };
      const cache = readInlineCache(Buffer.from(JSON.stringify(config)), image.map(blobOf), "the image");
      return cache ?? { layers: [], records: [] };
    }
  }
}

function blobOf(diffId: DiffId): Descriptor {
  return { mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size: 1 };
}
