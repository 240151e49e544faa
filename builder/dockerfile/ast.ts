import { DockerfileParser } from "dockerfile-ast";
import type { Range } from "../core/diagnostic.ts";

/** An instruction as dockerfile-ast sees it. */
export interface AstInstruction {
  /** From its keyword to the end of its last line, heredocs not included. */
  readonly range: Range;
}

/** Instructions' places, from a masked text: it tells where, never what (see mask.ts). */
export function readAst(masked: string): readonly AstInstruction[] {
  // It goes through every space behind a keyword, twice.
  const short = masked
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
  return DockerfileParser.parse(short)
    .getInstructions()
    .map((instruction) => ({ range: toRange(instruction.getRange()) }));
}

interface LspRange {
  readonly start: { readonly line: number; readonly character: number };
  readonly end: { readonly line: number; readonly character: number };
}

function toRange({ start, end }: LspRange): Range {
  return {
    start: { line: start.line, column: start.character },
    end: { line: end.line, column: end.character },
  };
}
