import type { Position, Range } from "../core/diagnostic.ts";
import { leadingSpaces, trimmedLength } from "./spaces.ts";

/** A part of a logical line: its text, and where in the line it begins. */
export interface Span {
  readonly text: string;
  readonly at: number;
}

/** What one physical line gave to a logical one. */
export interface Piece {
  /** Where it begins in the logical line. */
  readonly at: number;
  /** How long it is: continuation character and what stands after it are not part of it. */
  readonly length: number;
  /** Where it begins in the file. */
  readonly line: number;
  readonly column: number;
  /** Column of the continuation character, where there is one. */
  readonly continuation?: number;
}

/** The part of a span from `start` up to `end`. */
export function part(span: Span, start: number, end: number = span.text.length): Span {
  return { text: span.text.slice(start, end), at: span.at + start };
}

/** The span without spaces at both ends. */
export function trim(span: Span): Span {
  const start = leadingSpaces(span.text);
  if (start === 0 && trimmedLength(span.text) === span.text.length) return span;
  return part(span, start, Math.max(start, trimmedLength(span.text)));
}

/** Where a span stands in the file: it may begin and end on different lines. */
export function rangeOfSpan(pieces: readonly Piece[], span: Span): Range {
  const start = positionAt(pieces, span.at);
  if (span.text === "") return { start, end: start };
  // The end belongs to the piece of the last character, not to the piece that begins there.
  const last = positionAt(pieces, span.at + span.text.length - 1);
  return { start, end: { line: last.line, column: last.column + 1 } };
}

function positionAt(pieces: readonly Piece[], at: number): Position {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((pieces[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  const piece = pieces[low];
  return piece === undefined
    ? { line: 0, column: 0 }
    : { line: piece.line, column: piece.column + (at - piece.at) };
}
