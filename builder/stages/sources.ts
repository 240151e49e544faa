import type { Range } from "../core/diagnostic.ts";
import type { Instruction } from "../dockerfile/types.ts";
import type { Surroundings } from "./context.ts";
import { findSource } from "./lookup.ts";
import { mountFrom } from "./mount-options.ts";
import type { Source, Stage } from "./types.ts";

/** A name in COPY --from or RUN --mount from, and where it stands. */
export interface Mention {
  readonly name: string;
  readonly range: Range;
}

/** What an instruction takes files from, beside its own root and the main context. */
function mentionsOf(instruction: Instruction): readonly Mention[] {
  if (instruction.kind === "copy" && instruction.from !== undefined) {
    const { raw: name, range } = instruction.from;
    // The parser has refused one with a variable.
    return name.includes("$") ? NONE : [{ name, range }];
  }
  if (instruction.kind !== "run" || instruction.flags.length === 0) return NONE;
  return instruction.flags.flatMap(({ name, value, range }) => {
    const from = name === "mount" && value !== undefined ? mountFrom(value.raw) : undefined;
    return from ? [{ name: from, range }] : [];
  });
}

const NONE: readonly Mention[] = [];

const known = new WeakMap<readonly Instruction[], readonly Mention[]>();

/** The same of all instructions of a stage, which several ask for. */
export function mentionsIn(instructions: readonly Instruction[]): readonly Mention[] {
  const before = known.get(instructions);
  if (before !== undefined) return before;
  const found: Mention[] = [];
  for (const instruction of instructions) {
    const mentions = mentionsOf(instruction);
    if (mentions.length > 0) found.push(...mentions);
  }
  known.set(instructions, found);
  return found;
}

type Known = Pick<Surroundings, "stages" | "options">;

/** What a name means; undefined, and reported by `checkMention`, where it means nothing. */
export function sourceOf(name: string, { stages, options }: Known): Source | undefined {
  return findSource(name, stages, options, options.targetPlatform);
}

/** Reports a name that no stage before `stage` has. */
export function checkMention(
  { name, range }: Mention,
  stage: Stage,
  { stages, options, problems }: Known & Pick<Surroundings, "problems">,
): void {
  if (/\$./.test(name)) {
    problems.error(
      "VariableInFrom",
      `Cannot use "${name}" as a source: variables are not expanded there`,
      range,
      {
        reason: "which stages a build needs is decided before variables have values",
        fix: "give the image a name with FROM … AS name, and use that name",
      },
    );
    return;
  }
  const source = sourceOf(name, { stages, options });
  if (source === undefined) {
    const known = stages.length === 1 ? "the only stage is 0" : `the stages are 0 to ${stages.length - 1}`;
    problems.error("UnknownStage", `Cannot copy from stage ${name}: ${known}`, range);
  } else if (source.type === "stage" && source.index >= stage.index) {
    const itself = source.index === stage.index;
    const line = (stages[source.index]?.from.range.start.line ?? 0) + 1;
    const state = itself ? "it is this stage" : `it begins later, on line ${line}`;
    problems.error("StageOrder", `Cannot copy from stage "${name}": ${state}`, range, {
      reason: "a stage may only use stages that stand before it",
      fix: itself ? undefined : `move stage "${name}" above this one`,
    });
  }
}
