import type { Diagnostic } from "./diagnostic.ts";
import type { Json } from "./json.ts";
import type { Digest } from "./digest.ts";

/** Identifies a vertex: the digest of its op and of its inputs' ids. */
export type VertexId = Digest & { readonly __vertex: true };

/**
 * All that a build tells while it works. Everything right of the graph emits these; only `progress/` and `cli/` print
 * them. Times are milliseconds since 1970.
 */
export type BuildEvent =
  /** The whole graph is known: what will be asked for, in Dockerfile order. */
  | { readonly type: "plan"; readonly steps: readonly PlannedStep[] }
  /**
   * "build": another build runs the very same step, and this one waits for its result; then it is cached, or started after
   * all. "slot": as many steps run as may run at once (--jobs).
   */
  | {
      readonly type: "step-waiting";
      readonly id: VertexId;
      readonly for: "build" | "slot";
      readonly time: number;
    }
  | { readonly type: "step-started"; readonly id: VertexId; readonly time: number }
  /** Its result was found in the cache; it did not run. */
  | { readonly type: "step-cached"; readonly id: VertexId; readonly time: number }
  /** Why a step that began was not found in the cache: in words, and for tools (docs/progress-rawjson.md). */
  | {
      readonly type: "step-explained";
      readonly id: VertexId;
      readonly words: readonly string[];
      readonly reasons: readonly Json[];
      readonly time: number;
    }
  | { readonly type: "step-done"; readonly id: VertexId; readonly time: number }
  | { readonly type: "step-failed"; readonly id: VertexId; readonly time: number; readonly message: string }
  | { readonly type: "step-canceled"; readonly id: VertexId; readonly time: number }
  /** Bytes that the command of a step wrote, as they came: not lines. */
  | {
      readonly type: "step-output";
      readonly id: VertexId;
      readonly stream: "stdout" | "stderr";
      readonly data: Uint8Array;
      readonly time: number;
    }
  /** Work with a known size: a blob pulled, a layer pushed, an image exported. `task` names it among its step's. */
  | {
      readonly type: "transfer";
      readonly task: string;
      readonly label: string;
      readonly id?: VertexId;
      readonly current: number;
      readonly total?: number;
      readonly done: boolean;
      readonly time: number;
    }
  /** Work of the build beside the steps: "exporting layers", "pushing example.com/app". */
  | {
      readonly type: "phase";
      readonly name: string;
      readonly state: "started" | "done" | "failed";
      readonly time: number;
    }
  | { readonly type: "warning"; readonly message: string; readonly diagnostic?: Diagnostic }
  /** Said once: what a user should know that is neither an error nor a warning. */
  | { readonly type: "notice"; readonly message: string };

export interface PlannedStep {
  readonly id: VertexId;
  /** For people: `[builder 2/5] RUN make`, `[internal] load build context`. */
  readonly name: string;
  readonly inputs: readonly VertexId[];
  /** Stage name or index, where the step belongs to one. */
  readonly stage?: string;
  /** Zero-based line in the Dockerfile. */
  readonly line?: number;
}

export type Emit = (event: BuildEvent) => void;
