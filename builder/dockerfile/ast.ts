import { DockerfileParser } from "dockerfile-ast";
import type { Range } from "../core/diagnostic.ts";

/** An instruction as dockerfile-ast sees it. */
export interface AstInstruction {
  /** Upper case. */
  readonly keyword: string;
  /** From its keyword to the end of its last line, heredocs not included. */
  readonly range: Range;
}

/** Instructions, their keywords and their places, from a masked text: it tells where, never what (see mask.ts). */
export function readAst(masked: string): readonly AstInstruction[] {
  return DockerfileParser.parse(masked)
    .getInstructions()
    .map((instruction) => ({
      keyword: instruction.getKeyword(),
      range: toRange(instruction.getRange()),
    }));
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
