import { createReadStream } from "node:fs";
import { MEDIA_TYPES } from "../image/types.ts";
import { gzipStream } from "../layers/gzip.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import type { Store } from "../store/types.ts";

/** Between speed and size: within 3 % of level 6 on layers, at twice its speed. */
const LEVEL = 4;
const READ_SIZE = 1 << 20;

/**
 * A layer as it leaves the machine: the bytes as pulled, or the gzip that an earlier push made, or a new one, which the
 * store keeps so that no layer is compressed twice.
 */
export async function compressedBlob(store: Store, layer: Layer): Promise<LayerBlob> {
  const blob = await layer.blob();
  if (blob.mediaType !== MEDIA_TYPES.ociLayer && blob.mediaType !== MEDIA_TYPES.dockerLayer) return blob;
  const diffId = await layer.diffId();
  const known = store.layers.get(diffId)?.compressed ?? [];
  const kept = known.find(
    (form) => form.mediaType === MEDIA_TYPES.ociLayerGzip && store.blobs.has(form.digest),
  );
  if (kept !== undefined) return { ...kept, path: store.blobs.path(kept.digest) };

  using writer = store.blobs.create();
  for await (const chunk of gzipStream(createReadStream(blob.path, { highWaterMark: READ_SIZE }), LEVEL))
    writer.write(chunk);
  const written = { mediaType: MEDIA_TYPES.ociLayerGzip, ...writer.commit() };
  store.layers.update(diffId, { compressed: [...known, written] });
  return { ...written, path: store.blobs.path(written.digest) };
}
