import type { VertexId } from "../core/events.ts";
import type { BuildGraph } from "../graph/types.ts";
import type { BuildOptions } from "../api/types.ts";

/** The steps that --no-cache-filter means. Names of stages are found in any case, as --target finds them. */
export function withoutCache(
  { vertices }: Pick<BuildGraph, "vertices">,
  { noCacheStages = [], emit }: BuildOptions,
): ReadonlySet<VertexId> {
  const ids = new Set<VertexId>();
  for (const name of noCacheStages) {
    const steps = vertices.filter(({ stage = "" }) => stage.toLowerCase() === name.toLowerCase());
    for (const { id } of steps) ids.add(id);
    if (steps.length > 0) continue;
    const message = `--no-cache-filter ${name} has no effect: no step of this build belongs to such a stage`;
    emit({ type: "warning", message });
  }
  return ids;
}
