import type { Instruction } from "../types.ts";
import { isCheckComment } from "./policy.ts";
import type { Check, Checked, Finding } from "./types.ts";

/** What a comment `# NAME text` above FROM or ARG says of a name; "" where none does (BuildKit getComment). */
export function descriptionOf({ comments }: Pick<Instruction, "comments">, name: string): string {
  const found = comments.find((comment) => comment.startsWith(`${name} `));
  return found === undefined ? "" : found.slice(name.length + 1).trim();
}

const RULE = "InvalidDefinitionDescription";

/** InvalidDefinitionDescription: a comment right above FROM or ARG that describes something else. */
export const checkDescriptions: Check = function* (checked): Generator<Finding> {
  if (!checked.policy.mayApply(RULE)) return;
  for (const instruction of checked.instructions) {
    const names = definedNames(instruction);
    const comment = instruction.comments.findLast((comment) => !isCheckComment(comment));
    if (names.length === 0 || comment === undefined || !isRightBelow(instruction, checked)) continue;
    if (names.includes(comment.split(" ")[0] ?? "")) continue;
    const name = names.length === 1 ? names[0] : "NAME";
    yield {
      rule: RULE,
      message: `The comment above ${instruction.kind.toUpperCase()} does not begin with the name that it describes`,
      range: instruction.range,
      fix: `write "# ${name} ${comment.slice(0, 60)}", or an empty line below it where it describes nothing`,
    };
  }
};

/** The names that an instruction gives a meaning to. */
function definedNames(instruction: Instruction): readonly string[] {
  if (instruction.kind === "arg") return instruction.args.map(({ key }) => key.raw);
  return instruction.kind === "from" && instruction.as !== undefined ? [instruction.as] : [];
}

function isRightBelow({ range }: Instruction, { lines }: Checked): boolean {
  return (lines[range.start.line - 1]?.content ?? "").trimStart().startsWith("#");
}
