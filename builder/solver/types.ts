import type { Cache, CacheKey } from "../cache/types.ts";
import type { DiffId } from "../core/digest.ts";
import type { Tree } from "../core/entry.ts";
import type { Emit, VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import type { Resource, Slots } from "../core/slots.ts";
import type { Vertex } from "../graph/types.ts";
import type { RootFs } from "../layers/types.ts";

/** What a vertex results in: a root filesystem, or, for `context`, nothing but the files to copy from. */
export interface OpResult {
  readonly rootfs: RootFs;
  /** Files to copy from that are no layer: a download, a commit. */
  readonly files?: Tree;
}

export interface OpContext {
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /**
   * For `content`: the op may do its work beside it, and this gives the result of its base for that. What it made is thrown
   * away where the cache turns out to have the result. Asked only where there is much to do: the base may have to be made.
   */
  readonly baseAhead?: () => Promise<OpResult | undefined>;
}

/** How ops are keyed and run. The solver knows no more of them; `ops/` implements it and build.ts wires it. */
export interface OpRunner {
  /** The slots that running it takes; undefined for work too small to queue. */
  resource(vertex: Vertex): Resource | undefined;
  /**
   * Whether its result is looked up and recorded: true where this is left out. False for what costs nothing to run
   * (`image`, `context`): its key serves the keys of others alone.
   */
  recorded?(vertex: Vertex): boolean;
  /**
   * What of the op itself belongs into its key, or undefined where an op is known by content alone (`context`): a vertex
   * with such an input has no definition key, and its content key is computed at once.
   */
  definition(vertex: Vertex): Json | undefined;
  /**
   * What of the op belongs into its content key; `definition` where this is left out. COPY's definition has the paths of
   * its sources in full, its content key has only the names that they get: moving a file's directory changes nothing
   * (BuildKit solver/llbsolver/ops/file.go).
   */
  contentDefinition?(vertex: Vertex): Json;
  /**
   * For ops that have one: what they take from their inputs, by content. `contentInputs` are the indexes of the inputs
   * whose results that reads; they replace those inputs' keys, but for that of the op's base.
   */
  contentInputs(vertex: Vertex): readonly number[];
  /**
   * `inputs` is indexed as the vertex's inputs are, and holds the results of its `contentInputs`.
   */
  content(vertex: Vertex, inputs: readonly OpResult[], context: OpContext): Promise<Json>;
  /** `inputs` holds the results of all inputs. */
  run(vertex: Vertex, inputs: readonly OpResult[], context: OpContext): Promise<OpResult>;
}

export interface SolveOptions {
  /** Inputs before users. */
  readonly vertices: readonly Vertex[];
  readonly runner: OpRunner;
  readonly cache: Cache;
  /** The layers of a record; undefined where one of them is gone: then the record is a miss. */
  openLayers(diffIds: readonly DiffId[]): RootFs | undefined;
  /**
   * Resolves when no other process runs the step with this key, and keeps them from it until it is disposed. `onWait` is
   * called if one does. Left out: nobody else uses the cache.
   */
  claim?(key: CacheKey, signal: AbortSignal, onWait: () => void): Promise<Disposable>;
  /** Told of each result that somebody asked for, once it is recorded or found: its layers are sealed. */
  onResult?(vertex: Vertex, rootfs: RootFs): void;
  readonly slots: Slots;
  readonly signal: AbortSignal;
  readonly emit: Emit;
  /** Runs every step, or these, whatever the cache has. Their results are recorded as ever. */
  readonly noCache: boolean | ReadonlySet<VertexId>;
  /** Ops may do their work before it is known whether the cache has the result (`OpContext.baseAhead`). */
  readonly runAhead?: boolean;
  /** Milliseconds: a record that is older is a miss. Undefined: records are good for ever. */
  readonly cacheTtl?: number | undefined;
}

/** The results of the vertices that were asked for. */
export interface Solution {
  /**
   * The result of a vertex, once it and what else is running are recorded. Rejects with the first error of the build,
   * once everything has stopped.
   */
  result(id: VertexId): Promise<OpResult>;
  /** When its result was made, now or by an earlier build: milliseconds since 1970. Undefined where no record says. */
  created(id: VertexId): number | undefined;
  /** The keys that a vertex's record is found by, the one that it lies under first; none where it has no key. */
  keysOf(id: VertexId): readonly CacheKey[];
  /** What became of each vertex so far, in the order of the graph. */
  report(): readonly VertexReport[];
  /** The same of one vertex. */
  reportOf(id: VertexId): VertexReport;
}

/** What the solver did about a vertex, and why. */
export interface VertexReport {
  readonly id: VertexId;
  /** False for what is never looked up: base images, contexts. */
  readonly recorded: boolean;
  /** "cached": found by its key, needed or not. "shared": another vertex with the same key ran. "unused": nobody asked. */
  readonly outcome: "ran" | "cached" | "shared" | "failed" | "canceled" | "unused";
  /** In the order of asking. Empty where the cache was not asked. */
  readonly lookups: readonly Lookup[];
  /** The key that its record lies under; undefined where it has none, or none yet. */
  readonly key?: CacheKey;
  /** What it takes from its inputs by content, as the key has it. */
  readonly content?: Json;
  /** It ran whatever the cache had: `noCache` said so. */
  readonly forced: boolean;
}

/** One question to the cache. */
export interface Lookup {
  readonly by: "definition" | "content";
  readonly key: CacheKey;
  /** What the key is made of. */
  readonly inputs: Json;
  /** "gone": there is a record, but its layers could not be opened. "expired": it is older than `cacheTtl`. */
  readonly answer: "hit" | "miss" | "gone" | "expired";
  /** When the record that was found was made. */
  readonly created?: number;
}
