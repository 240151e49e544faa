import { TsbuildError } from "../core/errors.ts";
import type { CacheKey, CacheRecord } from "../cache/types.ts";
import type { VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import type { Vertex } from "../graph/types.ts";
import type { NamedKey } from "./cache-key.ts";
import type { Lookup, OpResult, VertexReport } from "./types.ts";

/** What is known of a vertex. Promises are made at the first call and kept: each thing happens once. */
export interface State {
  readonly vertex: Vertex;
  readonly inputs: readonly State[];
  readonly users: State[];
  readonly lookups: Lookup[];
  content?: Json;
  forced: boolean;
  keying?: Promise<Keyed>;
  keyed?: Keyed;
  result?: Promise<OpResult>;
  outcome: VertexReport["outcome"];
  /** When it was recorded by this build. */
  created?: number;
  /** The vertex with the same key that ran in its place. */
  twin?: State;
  /** Somebody asked for its result or for that of a vertex that is made from it. */
  wanted: boolean;
  started: boolean;
  /** A step that it waits for, near or far, runs: then it will most likely run too. */
  late: boolean;
}

/** A vertex under the key that its users chain on. */
export interface Keyed {
  /** The canonical key; undefined where an input has none: then nothing is looked up or recorded. */
  readonly canonical: NamedKey | undefined;
  /** Where that is a content key: the key by definition, which is to find the same record. */
  readonly alias: CacheKey | undefined;
  readonly record: CacheRecord | undefined;
  /** Its result was made anew on purpose (`noCache`): records that were made from the old one must not be found. */
  readonly renewed: boolean;
}

/** The vertices as they hang together; `vertices` has inputs before users. */
export function statesOf(vertices: readonly Vertex[]): Map<VertexId, State> {
  const states = new Map<VertexId, State>();
  for (const vertex of vertices) {
    const inputs = vertex.inputs.map((id) => stateOf(states, id));
    const state: State = {
      vertex,
      inputs,
      users: [],
      lookups: [],
      forced: false,
      outcome: "unused",
      wanted: false,
      started: false,
      late: false,
    };
    for (const input of inputs) input.users.push(state);
    states.set(vertex.id, state);
  }
  return states;
}

/** The state of a vertex that must be there. */
export function stateOf(states: ReadonlyMap<VertexId, State>, id: VertexId): State {
  const state = states.get(id);
  if (state === undefined)
    throw new TsbuildError("INTERNAL", `Cannot solve vertex ${id}: it is not in the graph`);
  return state;
}

/** All that a vertex is made from, itself included, inputs before users. */
export function ancestry(states: ReadonlyMap<VertexId, State>, of: State): State[] {
  const found = new Set<State>([of]);
  for (const state of found) for (const input of state.inputs) found.add(input);
  return [...states.values()].filter((state) => found.has(state));
}

/** What the solver tells of a vertex. */
export function reportOf(state: State, recorded: boolean): VertexReport {
  const { vertex, outcome, lookups, forced, keyed } = state;
  const key = keyed?.canonical?.key;
  const content = state.content ?? contentIn(keyed?.record?.inputs);
  return {
    id: vertex.id,
    recorded,
    outcome,
    lookups,
    forced,
    ...(key === undefined ? {} : { key }),
    ...(content === undefined ? {} : { content }),
  };
}

/** A record that was found by definition tells what the content was. */
function contentIn(inputs: Json | undefined): Json | undefined {
  if (typeof inputs !== "object" || inputs === null || Array.isArray(inputs)) return undefined;
  return (inputs as { readonly content?: Json }).content;
}

/** When a vertex's result was made. */
export function createdAt(state: State): number | undefined {
  return state.created ?? state.twin?.created ?? state.keyed?.record?.created;
}

/** The canonical key, and the keys that lead to it. */
export function keysOf({ keyed, lookups }: State): readonly CacheKey[] {
  if (keyed?.canonical === undefined) return [];
  const others = [keyed.alias, ...lookups.map(({ key }) => key)].filter((key) => key !== undefined);
  return [...new Set([keyed.canonical.key, ...others])];
}
