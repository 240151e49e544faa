import { createReadStream } from "node:fs";
import type { DiffId } from "../core/digest.ts";
import { compressionOf } from "../image/layer-types.ts";
import { MEDIA_TYPES } from "../image/types.ts";
import { gzipStream } from "../layers/gzip.ts";
import { zstdStream } from "../layers/zstd-frames.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import type { Store } from "../store/types.ts";
import { goesAsItIs, type LayerForm } from "./form.ts";

/** What is made where nobody asks for more or less. */
const USUAL_LEVEL = {
  /** Between speed and size: within 3 % of level 6 on layers, at twice its speed. */
  gzip: 4,
  /** As `zstd` itself. */
  zstd: 3,
} as const;
const READ_SIZE = 1 << 20;

type Packed = keyof typeof USUAL_LEVEL;

/** What is being compressed: a push and a cache that want one layer at once get one blob. */
const running = new WeakMap<Store, Map<string, Promise<LayerBlob>>>();

/**
 * A layer as it leaves the machine: the bytes as pulled, or the blob that an earlier push made, or a new one, which the
 * store keeps so that no layer is compressed twice. gzip where no compression is asked for.
 */
export async function compressedBlob(store: Store, layer: Layer, form: LayerForm): Promise<LayerBlob> {
  const blob = await layer.blob();
  if (goesAsItIs(blob.mediaType, layer, form)) return blob;
  const wanted = form.compression ?? "gzip";
  if (wanted === "uncompressed") return layer.tar();
  return packed(store, await layer.diffId(), wanted, form.level, () => layer.tar());
}

function packed(
  store: Store,
  diffId: DiffId,
  compression: Packed,
  level: number | undefined,
  tar: () => Promise<LayerBlob>,
): Promise<LayerBlob> {
  const jobs = running.get(store) ?? new Map<string, Promise<LayerBlob>>();
  running.set(store, jobs);
  const key = `${diffId} ${compression} ${level ?? ""}`;
  const job = jobs.get(key) ?? pack(store, diffId, compression, level, tar).finally(() => jobs.delete(key));
  jobs.set(key, job);
  return job;
}

async function pack(
  store: Store,
  diffId: DiffId,
  compression: Packed,
  asked: number | undefined,
  tar: () => Promise<LayerBlob>,
): Promise<LayerBlob> {
  const level = asked ?? USUAL_LEVEL[compression];
  const known = store.layers.get(diffId)?.compressed ?? [];
  // Without a level: pulled, or made before levels were noted. It serves whoever does not ask for one.
  const fits = (made: number | undefined): boolean => made === level || (made ?? asked) === undefined;
  const kept = known.find(
    (form) =>
      compressionOf(form.mediaType) === compression && fits(form.level) && store.blobs.use(form.digest),
  );
  if (kept !== undefined) return { ...kept, path: store.blobs.path(kept.digest) };

  const source = createReadStream((await tar()).path, { highWaterMark: READ_SIZE });
  using writer = store.blobs.create();
  const stream = compression === "gzip" ? gzipStream(source, level) : zstdStream(source, level);
  for await (const chunk of stream) writer.write(chunk);
  const mediaType = compression === "gzip" ? MEDIA_TYPES.ociLayerGzip : MEDIA_TYPES.ociLayerZstd;
  const written = { mediaType, ...writer.commit() };
  store.layers.update(diffId, { compressed: [...known, { ...written, level }] });
  return { ...written, path: store.blobs.path(written.digest) };
}
