import { isSpace } from "./spaces.ts";
import { part, type Span } from "./span.ts";

const BLANK = /[\t\v\f\r ]/;
const WORD = /[^\t\v\f\r ]+/g;

/** Splits at blanks; quotes mean nothing: COPY, EXPOSE, FROM, VOLUME (BuildKit parseStringsWhitespaceDelimited). */
export function splitBlanks(span: Span): Span[] {
  const words: Span[] = [];
  WORD.lastIndex = 0;
  for (let found = WORD.exec(span.text); found !== null; found = WORD.exec(span.text))
    words.push(part(span, found.index, WORD.lastIndex));
  return words;
}

/** The first word and, where blanks follow it, what stands after them. */
export function splitFirst(span: Span): { readonly first: Span; readonly after: Span | undefined } {
  const { text } = span;
  const end = text.search(BLANK);
  if (end < 0) return { first: span, after: undefined };
  let next = end;
  while (isBlank(text, next)) next++;
  return { first: part(span, 0, end), after: part(span, next) };
}

/** Tabs, vertical tabs, form feeds, carriage returns and spaces. */
function isBlank(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 32 || code === 9 || (code >= 11 && code <= 13);
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
