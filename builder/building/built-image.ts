import type { VertexId } from "../core/events.ts";
import type { TargetPlan } from "../graph/types.ts";
import type { HistoryEntry } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import type { BuiltImage } from "../outputs/types.ts";

/**
 * The image of a solved graph. A step's time is that of its record, and what makes no layer has the time of the step
 * before it: a build that changes nothing makes the very same image, its id included. SOURCE_DATE_EPOCH takes the place
 * of all these times, but not of those that the base image's history has (BuildKit issue 4614).
 */
export function builtImage(
  target: TargetPlan,
  rootfs: RootFs,
  created: (id: VertexId) => number | undefined,
): BuiltImage {
  const { epoch } = target;
  const fixed = epoch === undefined ? undefined : new Date(epoch * 1000).toISOString();
  let time = fixed ?? new Date(0).toISOString();
  const history = target.history.map(({ entry, vertex, inherited }): HistoryEntry => {
    const made = vertex === undefined ? undefined : created(vertex);
    if (fixed === undefined) {
      if (made !== undefined) time = new Date(made).toISOString();
      else if (inherited) time = entry.created ?? time;
    }
    return inherited ? entry : { ...entry, created: time };
  });
  return {
    platform: target.platform,
    rootfs,
    config: target.config,
    ...(target.author === undefined ? {} : { author: target.author }),
    created: time,
    history,
    ...(epoch === undefined ? {} : { epoch }),
  };
}
