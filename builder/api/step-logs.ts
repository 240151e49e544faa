import type { VertexReport } from "../solver/types.ts";
import type { WhichBuild } from "./which-build.ts";

/** Which logs: those of a build, as explain finds it. */
export interface LogsOptions extends WhichBuild {
  /** `2/5`, `builder 2/5`, or a part of the instruction; all steps when not given. */
  readonly step?: string;
}

/** All that a step wrote when it ran. */
export interface StepLog {
  readonly step: string;
  /** What became of it in that build: a cached step has the log of when it ran. */
  readonly outcome: VertexReport["outcome"];
  /** Bytes. */
  readonly size: number;
  /** When it ended: milliseconds since 1970. */
  readonly time: number;
  /** Standard output and standard error as they came, values of secrets redacted. */
  read(): AsyncIterable<Uint8Array>;
}
