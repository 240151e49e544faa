import type { LogicalLine } from "./logical-lines.ts";
import type { PhysicalLine } from "./source.ts";
import { leadingSpaces, trimmedLength } from "./spaces.ts";

/**
 * The same text, line for line and column for column, with all that dockerfile-ast reads differently from BuildKit made
 * blank: directives, comments, heredocs, blank lines in continuations, and escape characters that continue nothing.
 * What is left is an `x` for each letter of a keyword, one `x` for each continued line, and `\` where a line does continue.
 * Arguments are blank too, because splitting them takes dockerfile-ast a second for a line of a megabyte; and of what it
 * knows by its keyword it reads more than of the rest. We read both ourselves.
 */
export function maskText(
  text: string,
  lines: readonly PhysicalLine[],
  logical: readonly LogicalLine[],
): string {
  const masked = lines.map((line) => " ".repeat(line.column + line.content.length));
  for (const line of logical) {
    const end = trimmedLength(line.text);
    const keyword = keywordOf(line.text, end);
    for (const piece of line.pieces) {
      const before = " ".repeat(piece.column);
      const content = maskPiece(line.text.slice(piece.at, piece.at + piece.length), piece.at, keyword);
      const blank = masked[piece.line]?.length ?? 0;
      // Before the keyword there is nothing to continue: BuildKit begins an instruction with a lone `\`, dockerfile-ast does
      // not. Where only spaces follow, dockerfile-ast would go on to the next instruction.
      const next = piece.at + piece.length;
      const continues = piece.continuation !== undefined && next > keyword.start && next < end;
      masked[piece.line] = (before + content + (continues ? "\\" : "")).padEnd(blank);
    }
  }
  return lines.map((line, index) => (masked[index] ?? "") + lineEnding(text, line)).join("");
}

interface Keyword {
  readonly start: number;
  readonly end: number;
}

/** Where the keyword stands, in what is left of the line without the spaces at its ends. */
function keywordOf(text: string, end: number): Keyword {
  const start = Math.min(leadingSpaces(text), end);
  const length = text.slice(start, end).search(/[\t\v\f\r ]/);
  return { start, end: length < 0 ? end : start + length };
}

function maskPiece(content: string, at: number, keyword: Keyword): string {
  const start = Math.max(0, Math.min(content.length, keyword.start - at));
  const end = Math.max(0, Math.min(content.length, keyword.end - at));
  if (end > start) return " ".repeat(start) + "x".repeat(end - start) + " ".repeat(content.length - end);
  // Without a character here dockerfile-ast would take the next instruction for the end of this one.
  const first = leadingSpaces(content);
  return at < keyword.end || first === content.length
    ? " ".repeat(content.length)
    : `${" ".repeat(first)}x${" ".repeat(content.length - first - 1)}`;
}

/** dockerfile-ast takes a lone `\r` for a line ending: only the one before the `\n` stays. */
function lineEnding(text: string, line: PhysicalLine): string {
  const ending = text.slice(line.start + line.column + line.content.length, line.next);
  if (ending === "" || ending === "\n" || ending === "\r\n") return ending;
  return ending.endsWith("\r\n") ? "\r\n".padStart(ending.length) : ending.replaceAll("\r", " ");
}
