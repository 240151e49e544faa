import type { DiffId } from "../core/digest.ts";
import type { ComparedImage, LayerRef } from "./types.ts";

/** Each layer with the history entry that tells how it was made. */
export function layerRefs({ config }: ComparedImage): LayerRef[] {
  const made = config.history.filter((entry) => entry.empty_layer !== true);
  return config.diffIds.map((diffId: DiffId, index) => {
    const createdBy = made[index]?.created_by;
    return { number: index + 1, diffId, ...(createdBy === undefined ? {} : { createdBy }) };
  });
}
