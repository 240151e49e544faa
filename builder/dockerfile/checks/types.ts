import type { Range, SourceText } from "../../core/diagnostic.ts";
import type { PhysicalLine } from "../source.ts";
import type { Instruction } from "../types.ts";
import type { CheckPolicy } from "./policy.ts";

/** A Dockerfile as the rules over whole files see it. */
export interface Checked {
  readonly source: SourceText;
  readonly lines: readonly PhysicalLine[];
  readonly instructions: readonly Instruction[];
  readonly policy: CheckPolicy;
}

/** What a rule found: a warning before it has its source. */
export interface Finding {
  readonly rule: string;
  readonly message: string;
  readonly range: Range;
  readonly reason?: string;
  readonly fix?: string;
}

/** A rule, or a few that look at the same thing. */
export type Check = (checked: Checked) => Iterable<Finding>;
