import type { Layer, LayerBlob } from "../layers/types.ts";
import type { Repository } from "../registry/types.ts";
import type { Store } from "../store/types.ts";
import { compressedBlob } from "./compress.ts";
import type { Packing } from "./compress-file.ts";
import { goesAsItIs, type LayerForm } from "./form.ts";

/** A layer on its way to a registry, which may have it: then its bytes need not even be here. */
export interface OutgoingLayer extends Omit<LayerBlob, "path"> {
  /** Repositories that it can be taken over from. */
  readonly sources: readonly Repository[];
  /** Its file, which is fetched now where it is not here. */
  path(): Promise<string>;
}

/**
 * A layer as a registry is to get it: what came from a registry goes as it came, where that is allowed, and is fetched
 * only on the way. `form` undefined: whatever it is.
 */
export async function outgoingLayer(
  store: Store,
  layer: Layer,
  form: LayerForm | undefined,
  packing: Packing = {},
): Promise<OutgoingLayer> {
  const origin = layer.origin?.();
  if (origin !== undefined && (form === undefined || goesAsItIs(origin.blob.mediaType, layer, form))) {
    const sources = origin.repository === undefined ? [] : [origin.repository];
    return { ...origin.blob, sources, path: async () => (await layer.blob()).path };
  }
  const { path, ...blob } = await (form === undefined
    ? layer.blob()
    : compressedBlob(store, layer, form, packing));
  return { ...blob, sources: [], path: async () => path };
}
