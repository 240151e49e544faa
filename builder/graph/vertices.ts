import { sha256 } from "../core/digest.ts";
import type { VertexId } from "../core/events.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import type { Op, Vertex } from "./types.ts";

/** The name of a vertex: equal ops on equal inputs have equal ids. */
function vertexId(op: Op, inputs: readonly VertexId[]): VertexId {
  return sha256(canonicalJson({ op: op as unknown as Json, inputs })) as VertexId;
}

/** Vertices in the order in which they were added, inputs before users; equal ones are one, known by the first name. */
export class Vertices {
  readonly #byId = new Map<VertexId, Vertex>();

  add(op: Op, inputs: readonly VertexId[], about: Pick<Vertex, "name" | "stage" | "at">): VertexId {
    const id = vertexId(op, inputs);
    if (!this.#byId.has(id)) this.#byId.set(id, { id, op, inputs, ...about });
    return id;
  }

  /** What the roots are made of, in order. */
  reachable(roots: readonly VertexId[]): readonly Vertex[] {
    const wanted = new Set(roots);
    for (const vertex of [...this.#byId.values()].toReversed()) {
      if (wanted.has(vertex.id)) for (const input of vertex.inputs) wanted.add(input);
    }
    return [...this.#byId.values()].filter(({ id }) => wanted.has(id));
  }
}
