import type { HistoryEntry, ImageConfig } from "../image/types.ts";

/**
 * The history of a base image, made to fit its layers: readers pair the two by counting, and the entries of the build come
 * behind them. Tools that know no history leave it out or short. Too long a one keeps its first entries' layers, as in
 * BuildKit (exporter/containerimage/writer.go, normalizeLayersAndHistory).
 */
export function baseHistory({
  history,
  diffIds,
  created,
}: Pick<ImageConfig, "history" | "diffIds" | "created">): readonly HistoryEntry[] {
  let left = diffIds.length;
  const fitting = history.map((entry): HistoryEntry => {
    if (entry.empty_layer === true) return entry;
    return left-- > 0 ? entry : { ...entry, empty_layer: true };
  });
  const missing = { ...(created === undefined ? {} : { created }), comment: "not told of by the base image" };
  return [...fitting, ...Array.from({ length: Math.max(0, left) }, () => missing)];
}
