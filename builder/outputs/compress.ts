import type { DiffId } from "../core/digest.ts";
import { compressionOf } from "../image/layer-types.ts";
import { MEDIA_TYPES } from "../image/types.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import type { LayerRecord, Store } from "../store/types.ts";
import { compressFile, type Packing, type Wanted } from "./compress-file.ts";
import { goesAsItIs, type LayerForm } from "./form.ts";

interface Job {
  readonly blob: Promise<LayerBlob>;
  readonly signal: AbortSignal | undefined;
}

/** What is being compressed: a push and a cache that want one layer at once get one blob. */
const running = new WeakMap<Store, Map<string, Job>>();

/**
 * A layer as it leaves the machine: the bytes as pulled, or the blob that an earlier push made, or a new one, which the
 * store keeps so that no layer is compressed twice. gzip where no compression is asked for.
 */
export async function compressedBlob(
  store: Store,
  layer: Layer,
  form: LayerForm,
  packing: Packing = {},
): Promise<LayerBlob> {
  const blob = await layer.blob();
  if (goesAsItIs(blob.mediaType, layer, form)) return blob;
  const wanted = form.compression ?? "gzip";
  if (wanted === "uncompressed") return layer.tar();
  return packed(store, await layer.diffId(), { compression: wanted, level: form.level, ...packing }, () =>
    layer.tar(),
  );
}

async function packed(
  store: Store,
  diffId: DiffId,
  wanted: Wanted,
  tar: () => Promise<LayerBlob>,
): Promise<LayerBlob> {
  const jobs = running.get(store) ?? new Map<string, Job>();
  running.set(store, jobs);
  const key = `${diffId} ${wanted.compression} ${wanted.level ?? ""}`;
  for (;;) {
    wanted.signal?.throwIfAborted();
    const theirs = jobs.get(key);
    if (theirs === undefined) break;
    try {
      return await theirs.blob;
    } catch (error) {
      // Whoever began it was stopped; this one was not.
      if (theirs.signal?.aborted !== true) throw error;
    }
  }
  const blob = pack(store, diffId, wanted, tar).finally(() => jobs.delete(key));
  jobs.set(key, { blob, signal: wanted.signal });
  return blob;
}

async function pack(
  store: Store,
  diffId: DiffId,
  wanted: Wanted,
  tar: () => Promise<LayerBlob>,
): Promise<LayerBlob> {
  const { compression, level, signal } = wanted;
  // Without a level: what we make where nobody asks for one, or what was pulled.
  const kept = formsOf(store, diffId).find(
    (form) =>
      compressionOf(form.mediaType) === compression && form.level === level && store.blobs.use(form.digest),
  );
  if (kept !== undefined) return { ...kept, path: store.blobs.path(kept.digest) };

  const { path } = await tar();
  using writer = store.blobs.create();
  for await (const chunk of compressFile(path, wanted)) {
    signal?.throwIfAborted();
    writer.write(chunk);
  }
  const mediaType = compression === "gzip" ? MEDIA_TYPES.ociLayerGzip : MEDIA_TYPES.ociLayerZstd;
  const written = { mediaType, ...writer.commit() };
  // Asked again: meanwhile it may have been compressed in another way as well.
  store.layers.update(diffId, {
    compressed: [...formsOf(store, diffId), { ...written, ...(level !== undefined && { level }) }],
  });
  return { ...written, path: store.blobs.path(written.digest) };
}

function formsOf(store: Store, diffId: DiffId): LayerRecord["compressed"] {
  return store.layers.get(diffId)?.compressed ?? [];
}
