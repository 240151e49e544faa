import { notAfter } from "./layer-recorder.ts";
import { sortChanges } from "./path-order.ts";
import type { LayerChange, LayerIndex, NewChange } from "./types.ts";

/** What a layer of these changes is going to have: places of bytes are missing. */
export function outlineFrom(changes: readonly NewChange[], epoch: number | undefined): LayerIndex {
  const outline = sortChanges(changes).map((change): LayerChange => {
    if (change.kind !== "entry") return change;
    const { content } = change;
    const entry = notAfter(change.entry, epoch);
    const digest = entry.type === "file" && content?.kind === "file" ? content.digest : undefined;
    return { kind: "entry", entry, ...(digest && { digest }) };
  });
  return { changes: outline };
}
