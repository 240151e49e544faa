import type { VertexId } from "../core/events.ts";
import { TsbuildError } from "../core/errors.ts";
import { formatPlatform } from "../core/platform.ts";
import type { BuildGraph, TargetPlan, Vertex } from "./types.ts";

/** What a build for one or for several platforms is to make. */
export interface SharedGraph {
  /** Inputs before users; a vertex that several targets need is there once. */
  readonly vertices: readonly Vertex[];
  /** One for each platform, in the order in which they were asked for. */
  readonly targets: readonly TargetPlan[];
  /** The SOURCE_DATE_EPOCH of all of them. */
  readonly epoch?: number;
}

/** One graph of the graphs of several platforms. Equal vertices have equal ids, and are known by their first name. */
export function mergeGraphs(graphs: readonly BuildGraph[]): SharedGraph {
  const vertices = new Map<VertexId, Vertex>();
  for (const graph of graphs)
    for (const vertex of graph.vertices) if (!vertices.has(vertex.id)) vertices.set(vertex.id, vertex);
  const targets = graphs.map(({ target }) => target);
  return { vertices: [...vertices.values()], targets, ...commonEpoch(targets) };
}

/** Layers that platforms share can have one time alone. */
function commonEpoch(targets: readonly TargetPlan[]): { readonly epoch?: number } {
  const [first] = targets;
  const other = targets.find(({ epoch }) => epoch !== first?.epoch);
  if (first === undefined || other === undefined)
    return first?.epoch === undefined ? {} : { epoch: first.epoch };
  throw new TsbuildError(
    "DOCKERFILE_INVALID",
    `Cannot build for several platforms: SOURCE_DATE_EPOCH is not the same for ${formatPlatform(first.platform)} and ${formatPlatform(other.platform)}`,
    { hint: "set it with --build-arg SOURCE_DATE_EPOCH=…" },
  );
}
