import type { StepGrowth } from "../api/growth.ts";

/** What became of a step by the end of the build. */
export type StepState = "waiting" | "running" | "cached" | "done" | "failed" | "canceled";

/** A step as the report shows it. Times are milliseconds since 1970. */
export interface ReportedStep {
  readonly name: string;
  /** "" for what belongs to none. */
  readonly stage: string;
  /** Indexes of the steps that it works upon. */
  readonly inputs: readonly number[];
  readonly state: StepState;
  readonly started?: number;
  readonly ended?: number;
  /** Why it ran. */
  readonly why: readonly string[];
  /** What it wrote, its end where it was much. */
  readonly log: string;
  /** Bytes of the log that are left out before that. */
  readonly logCut: number;
  readonly growth?: StepGrowth;
}

/** Work beside the steps: "exporting layers", or bytes on the way. */
export interface ReportedWork {
  readonly name: string;
  readonly started: number;
  readonly ended?: number;
  readonly failed: boolean;
  /** Bytes, of a transfer. */
  readonly bytes?: number;
}

/** A build that is over, as one page shows it. */
export interface Report {
  readonly title: string;
  readonly started: number;
  readonly ended: number;
  /** Facts for the top, in order: what, and its value. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  /** Where it failed: the explanation that the command line printed. */
  readonly failure?: string;
  readonly warnings: readonly string[];
  readonly steps: readonly ReportedStep[];
  readonly work: readonly ReportedWork[];
}
