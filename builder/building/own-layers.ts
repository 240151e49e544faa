import type { VertexId } from "../core/events.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { TargetPlan } from "../graph/types.ts";
import type { Layer, RootFs } from "../layers/types.ts";

/** The layers that the steps of the images made, each once; `rootfs` of each target. */
export function ownLayers(
  { targets }: Pick<SharedGraph, "targets">,
  rootfs: readonly RootFs[],
): ReadonlyMap<VertexId, Layer> {
  return new Map(targets.flatMap((target, index) => layersOf(target, rootfs[index] ?? [])));
}

/** The uppermost layers of an image are its steps', in their order. */
function layersOf({ history }: TargetPlan, rootfs: RootFs): readonly (readonly [VertexId, Layer])[] {
  const made = history.flatMap(({ vertex, inherited }) =>
    vertex === undefined || inherited ? [] : [vertex],
  );
  const layers = rootfs.slice(rootfs.length - made.length);
  return made.flatMap((id, number) => {
    const layer = layers[number];
    return layer === undefined ? [] : [[id, layer] as const];
  });
}
