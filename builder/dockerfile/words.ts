import { isSpace } from "./spaces.ts";
import { part, type Span } from "./span.ts";

const BLANKS = /[\t\v\f\r ]+/g;
const FIRST_BLANKS = /[\t\v\f\r ]+/;

/** Splits at blanks; quotes mean nothing: COPY, EXPOSE, FROM, VOLUME (BuildKit parseStringsWhitespaceDelimited). */
export function splitBlanks(span: Span): Span[] {
  const words: Span[] = [];
  let start = 0;
  for (const blank of span.text.matchAll(BLANKS)) {
    if (blank.index > start) words.push(part(span, start, blank.index));
    start = blank.index + blank[0].length;
  }
  if (start < span.text.length) words.push(part(span, start));
  return words;
}

/** The first word and, where blanks follow it, what stands after them. */
export function splitFirst(span: Span): readonly [Span, Span | undefined] {
  const blank = FIRST_BLANKS.exec(span.text);
  if (blank === null) return [span, undefined];
  return [part(span, 0, blank.index), part(span, blank.index + blank[0].length)];
}

/**
 * Splits at spaces that are neither quoted nor escaped, and keeps quotes and escapes: ARG, ENV, LABEL (BuildKit
 * parseWords). An escape character at the very end is dropped; a quote that is never closed runs to the end.
 */
export function splitWords(span: Span, escape: "\\" | "`"): Span[] {
  const { text } = span;
  const words: Span[] = [];
  let start = -1;
  let quote = "";
  let end = text.length;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (start < 0) {
      if (isSpace(char)) continue;
      start = at;
    }
    if (char === escape && quote !== "'") {
      if (at + 1 === text.length) end = at;
      at++;
    } else if (quote !== "") {
      if (char === quote) quote = "";
    } else if (char === '"' || char === "'") {
      quote = char;
    } else if (isSpace(char)) {
      words.push(part(span, start, at));
      start = -1;
    }
  }
  if (start >= 0 && start < end) words.push(part(span, start, end));
  return words;
}
