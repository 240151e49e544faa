import type { Diagnostic, Range, SourceText } from "../core/diagnostic.ts";

/** A Dockerfile looked through: both lists in the order of the file. */
export interface CheckReport {
  readonly source: SourceText;
  readonly warnings: readonly Diagnostic[];
  readonly errors: readonly Diagnostic[];
}

/** The steps that --print shows. */
export type PlanStep = "ast" | "stages" | "graph";

/** What a build of a target takes beside its files; each list in the order of the file. */
export interface Outline {
  readonly source: SourceText;
  /** The target's name, where it has one. */
  readonly name?: string;
  /** From the comment `# NAME text` above its FROM; "" without one. */
  readonly description: string;
  readonly args: readonly OutlinedArg[];
  readonly secrets: readonly OutlinedMount[];
  readonly ssh: readonly OutlinedMount[];
  readonly caches: readonly OutlinedMount[];
}

export interface OutlinedArg {
  readonly name: string;
  readonly description: string;
  /** What it is in this build; undefined where nothing sets it. */
  readonly value?: string;
  readonly range: Range;
}

/** A secret, SSH agent or cache, by its id. */
export interface OutlinedMount {
  readonly name: string;
  readonly required: boolean;
  readonly range: Range;
}

export interface TargetList {
  readonly source: SourceText;
  readonly targets: readonly Target[];
}

/** A stage that --target can name. */
export interface Target {
  readonly name?: string;
  readonly description: string;
  readonly isDefault: boolean;
  /** What FROM names, as it is written. */
  readonly base: string;
  readonly platform?: string;
  readonly range: Range;
}
