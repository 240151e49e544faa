import type { Range } from "../../core/diagnostic.ts";
import type { Instruction } from "../types.ts";

/** An instruction's keyword as it is written. */
export function keywordOf({ original }: Instruction): string {
  let end = 0;
  // What it ends at is a blank: with any other space in it, it would be none.
  while (original.charCodeAt(end) > 32) end++;
  return original.slice(0, end);
}

/** Where an instruction's keyword stands. */
export function keywordRange(instruction: Instruction): Range {
  const { start } = instruction.range;
  return { start, end: { line: start.line, column: start.column + keywordOf(instruction).length } };
}
