import type { Position, Range, SourceText } from "../core/diagnostic.ts";

/** One physical line of a Dockerfile. Lines end at `\n` alone, as in BuildKit's scanner: a lone `\r` is content. */
export interface PhysicalLine {
  /** Where it begins in the text. */
  readonly start: number;
  /** The line without its line ending (and, on the first line, without the byte-order mark). */
  readonly content: string;
  /** Where `content` begins: 1 after a byte-order mark, else 0. */
  readonly column: number;
  /** Where the next line begins. */
  readonly next: number;
}

const BYTE_ORDER_MARK = 0xfeff;

/** The physical lines of a text. */
export function splitLines(text: string): readonly PhysicalLine[] {
  const lines: PhysicalLine[] = [];
  let start = 0;
  while (start < text.length) {
    const newline = text.indexOf("\n", start);
    const next = newline < 0 ? text.length : newline + 1;
    let end = newline < 0 ? next : newline;
    while (end > start && text.charCodeAt(end - 1) === 13) end--;
    const column = start === 0 && text.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0;
    lines.push({ start, content: text.slice(start + column, end), column, next });
    start = next;
  }
  return lines;
}

/** From a column of a line to its end. */
export function lineRange(lines: readonly PhysicalLine[], line: number, column = 0): Range {
  const end = lineEnd(lines, line).column;
  return { start: { line, column }, end: { line, column: Math.max(end, column) } };
}

/** Where a line ends. */
export function lineEnd(lines: readonly PhysicalLine[], line: number): Position {
  const found = lines[line];
  return { line, column: found === undefined ? 0 : found.column + found.content.length };
}

/** An empty range where the text ends. */
export function endOfText(source: SourceText): Range {
  const line = source.text.split("\n").length - 1;
  const at: Position = { line, column: source.text.length - (source.text.lastIndexOf("\n") + 1) };
  return { start: at, end: at };
}
