import type { Range } from "../../core/diagnostic.ts";
import type { Dockerfile, Instruction } from "../types.ts";
import { readCheckOptions, type CheckOptions } from "./options.ts";

/** Which warnings a Dockerfile wants to hear of. */
export interface CheckPolicy {
  /** Whether a rule counts anywhere: experimental ones seldom do. */
  mayApply(rule: string): boolean;
  /** Whether a rule counts at a place: neither the file nor a comment above the instruction there skips it. */
  applies(rule: string, range: Range): boolean;
  /** A warning fails the build. */
  readonly fatal: boolean;
}

/** BuildKit's experimental rules: off until the Dockerfile asks for them. */
const EXPERIMENTAL = new Set(["InvalidDefinitionDescription"]);

/** `# check=skip=RuleA` right above an instruction (BuildKit linter WithMergedConfigFromComments). */
const COMMENT = /^check\s*=\s*(.*)$/i;

/** What the directive at the top and the comments above instructions ask for. */
export function checkPolicy({
  directives,
  instructions,
}: Pick<Dockerfile, "directives" | "instructions">): CheckPolicy {
  const everywhere = readCheckOptions(directives.check ?? "");
  const byLine = new Map<number, readonly CheckOptions[]>();
  const all = [everywhere];
  for (const instruction of instructions) {
    if (instruction.comments.length === 0) continue;
    const options = optionsAbove(instruction);
    if (options.length === 0) continue;
    all.push(...options);
    const { start, end } = instruction.range;
    for (let line = start.line; line <= end.line; line++) byLine.set(line, [everywhere, ...options]);
  }
  return {
    fatal: everywhere.fatal,
    mayApply: (rule) => !EXPERIMENTAL.has(rule) || all.some((options) => options.tries(rule)),
    applies(rule, range) {
      const here = (byLine.size === 0 ? undefined : byLine.get(range.start.line)) ?? [everywhere];
      if (here.some((options) => options.skips(rule))) return false;
      return !EXPERIMENTAL.has(rule) || here.some((options) => options.tries(rule));
    },
  };
}

/** Whether a comment is meant for the checks, and describes nothing. */
export function isCheckComment(comment: string): boolean {
  return COMMENT.test(comment);
}

function optionsAbove({ comments }: Instruction): readonly CheckOptions[] {
  return comments.flatMap((comment) => {
    const text = COMMENT.exec(comment)?.[1];
    return text === undefined ? [] : [readCheckOptions(text)];
  });
}
