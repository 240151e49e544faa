import { createReadStream } from "node:fs";
import type { DiffId } from "../core/digest.ts";
import { compressionOf } from "../image/layer-types.ts";
import { MEDIA_TYPES } from "../image/types.ts";
import { gzipStream } from "../layers/gzip.ts";
import { zstdStream } from "../layers/zstd-frames.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import type { Store } from "../store/types.ts";
import { goesAsItIs, type LayerForm } from "./form.ts";

/** As `zstd` itself. */
const USUAL_ZSTD = 3;
const READ_SIZE = 1 << 20;

type Packed = "gzip" | "zstd";

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
  level: number | undefined,
  tar: () => Promise<LayerBlob>,
): Promise<LayerBlob> {
  const known = store.layers.get(diffId)?.compressed ?? [];
  // Without a level: what we make where nobody asks for one, or what was pulled.
  const kept = known.find(
    (form) =>
      compressionOf(form.mediaType) === compression && form.level === level && store.blobs.use(form.digest),
  );
  if (kept !== undefined) return { ...kept, path: store.blobs.path(kept.digest) };

  const { path } = await tar();
  using writer = store.blobs.create();
  for await (const chunk of compress(path, compression, level)) writer.write(chunk);
  const mediaType = compression === "gzip" ? MEDIA_TYPES.ociLayerGzip : MEDIA_TYPES.ociLayerZstd;
  const written = { mediaType, ...writer.commit() };
  store.layers.update(diffId, {
    compressed: [...known, { ...written, ...(level !== undefined && { level }) }],
  });
  return { ...written, path: store.blobs.path(written.digest) };
}

/** The levels of gzip are zlib's; without one it is the helper's, which is faster and as small as level 6 but for 3 %. */
async function* compress(
  path: string,
  compression: Packed,
  level: number | undefined,
): AsyncGenerator<Uint8Array> {
  if (compression === "gzip" && level === undefined) {
    const { gzipFile } = await import("../../runtime/deflate/gzip-file.ts");
    return yield* gzipFile(path);
  }
  const source = createReadStream(path, { highWaterMark: READ_SIZE });
  if (compression === "zstd") yield* zstdStream(source, level ?? USUAL_ZSTD);
  else if (level !== undefined) yield* gzipStream(source, level);
}
