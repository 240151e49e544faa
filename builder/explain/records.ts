import type { VertexId } from "../core/events.ts";
import { sha256, type Digest } from "../core/digest.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import type { CacheKey } from "../cache/types.ts";
import type { Vertex } from "../graph/types.ts";
import type { Lookup, OpRunner, VertexReport } from "../solver/types.ts";
import type { StepRecord } from "./types.ts";

/** What the steps of a build are made from. */
export interface Solved {
  readonly vertices: readonly Vertex[];
  reportOf(id: VertexId): VertexReport;
  readonly runner: Pick<OpRunner, "definition" | "contentDefinition">;
  /** What was not to be looked up was said of stages. */
  readonly byStage: boolean;
  /** When the record of a key was removed to save space, where that is known. */
  readonly pruned?: ((key: CacheKey) => number | undefined) | undefined;
}

/** Writes down the steps of a build, each with what is known of it by now. */
export function recordingOf({
  vertices,
  reportOf,
  runner,
  byStage,
  pruned,
}: Solved): (vertex: Vertex) => StepRecord {
  const numbers = new Map(vertices.map(({ id }, number) => [id, number]));
  return (vertex) => {
    const { name, stage = "", op } = vertex;
    const { outcome, recorded, forced, key, content, lookups } = reportOf(vertex.id);
    const last = lookups.at(-1);
    const found = last !== undefined && isUnusable(last) ? last : undefined;
    const isMade = outcome !== "cached" && outcome !== "shared";
    const removed = key === undefined || !isMade ? undefined : pruned?.(key);
    const own = ownOf(vertex, content, runner);
    return {
      id: vertex.id,
      name,
      stage,
      instruction: instructionOf(name),
      op,
      inputs: vertex.inputs.map((input) => numbers.get(input) ?? -1),
      recorded,
      outcome,
      ...(own === undefined ? {} : { own }),
      ...(key === undefined ? {} : { key }),
      ...(content === undefined ? {} : { content }),
      ...(forced ? { forced: byStage ? ("stage" as const) : true } : {}),
      ...(found === undefined ? {} : { found: { answer: found.answer, created: found.created ?? 0 } }),
      ...(removed === undefined ? {} : { pruned: removed }),
    };
  };
}

function isUnusable(lookup: Lookup): lookup is Lookup & { readonly answer: "gone" | "expired" } {
  return lookup.answer === "gone" || lookup.answer === "expired";
}

/** Equal for builds in which every step had the same key. */
export function fingerprintOf(report: readonly VertexReport[]): Digest {
  return sha256(report.map(({ id, key = "" }) => `${id} ${key}`).join("\n"));
}

/** What of a step's own stands in its key, as a hash. */
function ownOf(vertex: Vertex, content: Json | undefined, runner: Solved["runner"]): string | undefined {
  const definition = runner.definition(vertex);
  const own = content === undefined ? definition : (runner.contentDefinition?.(vertex) ?? definition);
  return own === undefined ? undefined : sha256(canonicalJson(own));
}

/** The name of a step without its number. */
function instructionOf(name: string): string {
  return name.replace(/^\[[^\]]*\] /, "");
}
