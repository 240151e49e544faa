import { MEDIA_TYPES } from "../image/types.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import type { Repository } from "../registry/types.ts";
import type { Store } from "../store/types.ts";
import { compressedBlob } from "./compress.ts";

/** A layer on its way to a registry, which may have it: then its bytes need not even be here. */
export interface OutgoingLayer extends Omit<LayerBlob, "path"> {
  /** Repositories that it can be taken over from. */
  readonly sources: readonly Repository[];
  /** Its file, which is fetched now where it is not here. */
  path(): Promise<string>;
}

const UNCOMPRESSED: ReadonlySet<string> = new Set([MEDIA_TYPES.ociLayer, MEDIA_TYPES.dockerLayer]);

/** A layer as a registry is to get it: what came from a registry goes as it came, and is fetched only on the way. */
export async function outgoingLayer(store: Store, layer: Layer): Promise<OutgoingLayer> {
  const origin = layer.origin?.();
  if (origin !== undefined && !UNCOMPRESSED.has(origin.blob.mediaType)) {
    const sources = origin.repository === undefined ? [] : [origin.repository];
    return { ...origin.blob, sources, path: async () => (await layer.blob()).path };
  }
  const { path, ...blob } = await compressedBlob(store, layer);
  return { ...blob, sources: [], path: async () => path };
}
