import type { Layer, LayerIndex } from "./types.ts";

/** What a layer has, as soon as that is known: places of bytes may be missing. */
export function outlineOf(layer: Layer): Promise<LayerIndex> {
  return layer.outline?.() ?? layer.index();
}
