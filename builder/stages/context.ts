import type { Instruction } from "../dockerfile/types.ts";
import type { BuildArgs } from "./args.ts";
import type { Problems } from "./problems.ts";
import type { StageState } from "./state.ts";
import type { PlanOptions, Stage } from "./types.ts";
import type { Expander } from "./variables.ts";

/** What the instructions of every stage are worked out with. */
export interface Surroundings {
  readonly options: PlanOptions;
  readonly stages: readonly Stage[];
  readonly globals: ReadonlyMap<string, string>;
  readonly buildArgs: BuildArgs;
  readonly expander: Expander;
  readonly problems: Problems;
  /** Whether steps and history are wanted. A check wants what is wrong alone. */
  readonly withSteps: boolean;
}

/** One instruction at work: what it changes, where it stands, and what is around it. */
export interface Work extends Surroundings {
  readonly state: StageState;
  readonly stage: Stage;
  /** Where the step of this instruction is named: `[build 2/5] RUN make`. */
  stepName(text: string): string;
}

/** What works out one kind of instruction. */
export type Handler<K extends Instruction["kind"]> = (
  instruction: Extract<Instruction, { readonly kind: K }>,
  work: Work,
) => void;
