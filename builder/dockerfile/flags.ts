import { isSpace } from "./spaces.ts";
import { part, trim, type Span } from "./span.ts";
import { splitFirst } from "./words.ts";

/** `--name=value` before the arguments. */
export interface RawFlag {
  readonly name: string;
  /** Without its quotes; undefined where there is no `=`. */
  readonly value?: string;
  /** The flag as it is written. */
  readonly span: Span;
}

/** A logical line cut into its three parts. */
export interface Command {
  readonly keyword: Span;
  readonly flags: readonly RawFlag[];
  /** What follows the flags, trimmed. */
  readonly rest: Span;
}

/** Cuts an instruction's line (BuildKit splitCommand). */
export function splitCommand(line: Span): Command {
  const { first, after } = splitFirst(trim(line));
  if (after === undefined) return { keyword: first, flags: [], rest: part(first, first.text.length) };
  const { flags, rest } = splitFlags(after);
  return { keyword: first, flags, rest: trim(rest) };
}

/**
 * Takes words that begin with `--` off the front, up to a bare `--`. Quotes and backslashes are resolved here, before any
 * variable is expanded, and the escape is always `\`, whatever the directive says (BuildKit extractBuilderFlags).
 */
function splitFlags(span: Span): { readonly flags: readonly RawFlag[]; readonly rest: Span } {
  const { text } = span;
  const flags: RawFlag[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpace(text.charAt(at))) at++;
    if (!text.startsWith("--", at)) return { flags, rest: at === 0 ? span : part(span, at) };
    const start = at;
    let word = "";
    let quote = "";
    // Where what was not taken over into the word yet begins.
    let rest = at;
    for (; at < text.length; at++) {
      const char = text.charAt(at);
      if (quote === "" && isSpace(char)) break;
      const isQuote = quote === "" ? char === '"' || char === "'" : char === quote;
      if (char !== "\\" && !isQuote) continue;
      word += text.slice(rest, at);
      rest = at + 1;
      if (char === "\\") at++;
      else quote = quote === "" ? char : "";
    }
    word += text.slice(rest, Math.min(at, text.length));
    if (word === "--") return { flags, rest: part(span, Math.min(at, text.length)) };
    flags.push(toFlag(word, part(span, start, Math.min(at, text.length))));
  }
}

function toFlag(word: string, span: Span): RawFlag {
  const equals = word.indexOf("=");
  if (equals < 0) return { name: word.slice(2), span };
  return { name: word.slice(2, equals), value: word.slice(equals + 1), span };
}
