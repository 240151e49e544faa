import type { HistoryStep } from "../api/image-types.ts";
import type { Store } from "../store/types.ts";
import type { Platform } from "../core/platform.ts";
import { findStored } from "./images.ts";

/** What an image's config tells of how it was made, newest first, with the size of each step's layer. */
export function imageHistory(store: Store, reference: string, platform?: Platform): readonly HistoryStep[] {
  const { image } = findStored(store, reference, platform);
  const { config, manifest } = image;
  let layer = 0;
  const steps = config.history.map(({ created, created_by, comment, empty_layer }): HistoryStep => {
    const text = {
      ...(created === undefined ? {} : { created }),
      createdBy: created_by ?? "",
      comment: comment ?? "",
    };
    if (empty_layer === true) return { ...text, size: 0 };
    const at = layer++;
    const diffId = config.diffIds[at];
    const size = (diffId && store.layers.peek(diffId)?.size) ?? manifest.layers[at]?.size ?? 0;
    return { ...text, size, ...(diffId && { layer: diffId }) };
  });
  // Tools that know no history make layers all the same.
  const untold = config.diffIds.slice(layer).map((diffId, index): HistoryStep => {
    const size = store.layers.peek(diffId)?.size ?? manifest.layers[layer + index]?.size ?? 0;
    return { createdBy: "", comment: "not told of in the image's history", size, layer: diffId };
  });
  return [...steps, ...untold].reverse();
}
