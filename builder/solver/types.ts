import type { Emit, VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import type { Resource } from "../core/slots.ts";
import type { Vertex } from "../graph/types.ts";
import type { RootFs } from "../layers/types.ts";

/** What a vertex results in: a root filesystem, or, for `context`, nothing but the files to copy from. */
export interface OpResult {
  readonly rootfs: RootFs;
}

export interface OpContext {
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** How ops are keyed and run. The solver knows no more of them; `ops/` implements it and build.ts wires it. */
export interface OpRunner {
  /** The slots that running it takes; undefined for work too small to queue. */
  resource(vertex: Vertex): Resource | undefined;
  /**
   * What of the op itself belongs into its key, or undefined where an op is known by content alone (`context`): a vertex
   * with such an input has no definition key, and its content key is computed at once.
   */
  definition(vertex: Vertex): Json | undefined;
  /**
   * For ops that have one: what they take from their inputs, by content. `contentInputs` are the indexes of the inputs
   * whose results that reads; they replace those inputs' keys.
   */
  contentInputs(vertex: Vertex): readonly number[];
  content(vertex: Vertex, inputs: readonly OpResult[], context: OpContext): Promise<Json>;
  run(vertex: Vertex, inputs: readonly OpResult[], context: OpContext): Promise<OpResult>;
}

/** The results of the vertices that were asked for. */
export interface Solution {
  result(id: VertexId): Promise<OpResult>;
}
