import type { Range } from "../../core/diagnostic.ts";
import type { Instruction } from "../types.ts";

/** An instruction's keyword as it is written, and where it stands. */
export function keywordOf({ original, range }: Instruction): {
  readonly text: string;
  readonly range: Range;
} {
  const text = /^\S+/.exec(original)?.[0] ?? "";
  const { line, column } = range.start;
  return { text, range: { start: range.start, end: { line, column: column + text.length } } };
}
