import type { CacheKey } from "../cache/types.ts";
import type { VertexId } from "../core/events.ts";
import type { Json } from "../core/json.ts";
import type { Op } from "../graph/types.ts";
import type { VertexReport } from "../solver/types.ts";

/** What a build was about: builds of one place are compared with each other. */
export interface Place {
  /** Absolute directory, or a URL. */
  readonly context: string;
  readonly dockerfile: string;
  readonly target: string;
  readonly platform: string;
}

/** One step of a build that is over, and all that it was known by. */
export interface StepRecord {
  /** Its log is kept by this name. */
  readonly id?: VertexId;
  /** For people: `[builder 2/5] RUN make`. */
  readonly name: string;
  readonly stage: string;
  /** The instruction, variables expanded. */
  readonly instruction: string;
  readonly op: Op;
  /** Numbers of steps before this one. */
  readonly inputs: readonly number[];
  readonly recorded: boolean;
  /** Hash of what its own instruction puts into its key. */
  readonly own?: string;
  readonly outcome: VertexReport["outcome"];
  readonly key?: CacheKey;
  readonly content?: Json;
  /** The cache was not to be asked: for no step, or for none of its stage. */
  readonly forced?: true | "stage";
  /** The last answer of the cache, where it found something that could not be used. */
  readonly found?: { readonly answer: "gone" | "expired"; readonly created: number };
  /** When the garbage collector removed its record: milliseconds since 1970. */
  readonly pruned?: number;
}

export interface BuildRecord {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly steps: readonly StepRecord[];
}

/** The last build of a place and the one before it. */
export interface Journal {
  readonly place: Place;
  readonly last: BuildRecord;
  readonly before?: BuildRecord;
}

/** One reason why a step ran. */
export type Reason =
  /** --no-cache; `stage`: --no-cache-filter */
  | { readonly why: "no-cache"; readonly stage?: string }
  /** --cache-ttl: when the record was made */
  | { readonly why: "expired"; readonly created: number }
  /** There is a record, but its layers are gone. */
  | { readonly why: "layers-gone" }
  /** Nothing changed, but there is no record any more; `pruned` is when it was removed, where that is known. */
  | { readonly why: "no-record"; readonly pruned?: number }
  | { readonly why: "failed-before" | "stopped-before" | "not-reached-before" }
  /** No build of this Dockerfile had such a step. */
  | { readonly why: "new" }
  /** No build of this Dockerfile is known. */
  | { readonly why: "first-build" }
  /** It has a key that no other build could find. */
  | { readonly why: "no-key" }
  | { readonly why: "instruction"; readonly before: string; readonly after: string }
  /** `ENV A`, `ARG V`, `WORKDIR`, `USER` …; undefined where it was not set. */
  | { readonly why: "setting"; readonly name: string; readonly before?: string; readonly after?: string }
  | { readonly why: "base-image"; readonly before: ImageName; readonly after: ImageName }
  | { readonly why: "files"; readonly changes: readonly FileChange[]; readonly more: number }
  /** What it takes by content changed, and there is no list of what that was. */
  | { readonly why: "content" }
  /**
   * A step that it works upon came out different. `before`: the one that it worked upon instead, which the
   * Dockerfile has no more.
   */
  | { readonly why: "input"; readonly step: string; readonly before?: string }
  /** A step that it works upon was made anew although nothing in it changed. */
  | { readonly why: "input-renewed"; readonly step: string }
  /** Before a build: only what that step comes to tells. */
  | { readonly why: "input-runs"; readonly step: string }
  /** tsbuild itself makes layers or keys differently. */
  | { readonly why: "other-version" };

export interface ImageName {
  readonly reference: string;
  readonly digest: string;
}

/** A difference in what a COPY takes. */
export interface FileChange {
  readonly path: string;
  readonly what: "added" | "removed" | "content" | "mode" | "owner" | "type" | "link" | "attributes";
  readonly before?: string;
  readonly after?: string;
}

export interface StepExplanation {
  readonly step: string;
  readonly stage: string;
  readonly outcome: "ran" | "failed" | "canceled";
  readonly reasons: readonly Reason[];
}

/** Why the steps of a build ran. */
export interface Explanation {
  readonly place: Place;
  /** When that build was: milliseconds since 1970. */
  readonly time: number;
  /** Later builds of this place found everything in the cache; the last of them was then. */
  readonly unchangedSince?: number;
  readonly cached: number;
  /** The steps that ran, in the order of the graph. */
  readonly steps: readonly StepExplanation[];
}
