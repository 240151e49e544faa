/** Makes the error for a pattern that cannot be used. */
export type PatternError = (reason: string) => Error;

/** What stands between the stars of a pattern: characters, and null for `?`. */
type Segment = readonly (string | null)[];

/** Comparisons that one expansion may take: far beyond any real one, and well under a second. */
const MAX_WORK = 50_000_000;

/** Characters that an expanded value may have: without a limit a few lines of ENV that double each other fill the memory. */
export const MAX_LENGTH: number = 16 * 1024 * 1024;

/** `${value#pattern}`, or `##` where the longest match goes. */
export function removePrefix(value: string, pattern: string, longest: boolean, error: PatternError): string {
  const chars = [...value];
  const end = new Matcher(chars, parsePattern(pattern, error), error).matchAt(0, longest);
  return end < 0 ? value : chars.slice(end).join("");
}

/** `${value%pattern}`, or `%%`: a prefix, read backwards. */
export function removeSuffix(value: string, pattern: string, longest: boolean, error: PatternError): string {
  const chars = [...value].reverse();
  const segments = parsePattern(pattern, error)
    .map((segment) => [...segment].reverse())
    .reverse();
  const end = new Matcher(chars, segments, error).matchAt(0, longest);
  return end < 0 ? value : chars.slice(end).reverse().join("");
}

/** `${value/pattern/replacement}`: the longest match, and with `all` every one, as Go's regexp finds them. */
export function replaceMatches(
  value: string,
  pattern: string,
  replacement: string,
  all: boolean,
  error: PatternError,
): string {
  const chars = [...value];
  const matcher = new Matcher(chars, parsePattern(pattern, error), error);
  const out: string[] = [];
  let length = chars.length;
  let copied = 0;
  let lastEnd = -1;
  for (let at = 0; at <= chars.length;) {
    const end = matcher.matchAt(at, true);
    // An empty match right behind another match does not count.
    if (end < 0 || (end === at && at === lastEnd)) {
      at++;
      continue;
    }
    length += replacement.length;
    if (length > MAX_LENGTH) throw error(`the value is longer than ${MAX_LENGTH} characters`);
    out.push(chars.slice(copied, at).join(""), replacement);
    copied = lastEnd = end;
    if (!all) break;
    at = Math.max(end, at + (end === at ? 1 : 0));
  }
  out.push(chars.slice(copied).join(""));
  return out.join("");
}

/** `*` and `?` are wild, `\` escapes them and itself; brackets are plain characters (BuildKit's lex.go). */
function parsePattern(pattern: string, error: PatternError): readonly Segment[] {
  const segments: (string | null)[][] = [[]];
  const chars = [...pattern];
  for (let at = 0; at < chars.length; at++) {
    let char = chars[at] ?? "";
    if (char === "*") {
      segments.push([]);
      continue;
    }
    if (char === "?") {
      segments.at(-1)?.push(null);
      continue;
    }
    if (char === "\\") {
      char = chars[++at] ?? "";
      if (!["*", "?", "\\", "}", "/"].includes(char)) {
        throw error(`the pattern "${pattern}" has the invalid escape "\\${char}"`);
      }
    }
    segments.at(-1)?.push(char);
  }
  return segments;
}

/**
 * Matches without going back: between two stars the first place where a segment fits is as good as any later one, so only
 * the last segment decides between the shortest and the longest match. Neither wildcard matches a line feed, as in Go.
 */
class Matcher {
  readonly #chars: readonly string[];
  readonly #segments: readonly Segment[];
  readonly #error: PatternError;
  #work = 0;

  constructor(chars: readonly string[], segments: readonly Segment[], error: PatternError) {
    this.#chars = chars;
    this.#segments = segments;
    this.#error = error;
  }

  /** Where the match that begins at `start` ends, or -1. */
  matchAt(start: number, longest: boolean): number {
    const [first = [], ...others] = this.#segments;
    if (!this.#fits(first, start)) return -1;
    let end = start + first.length;
    for (const [index, segment] of others.entries()) {
      const found = this.#find(segment, end, longest && index === others.length - 1);
      if (found < 0) return -1;
      end = found + segment.length;
    }
    return end;
  }

  #find(segment: Segment, from: number, last: boolean): number {
    let found = -1;
    for (let at = from; at + segment.length <= this.#chars.length; at++) {
      if (this.#fits(segment, at)) {
        if (!last) return at;
        found = at;
      }
      if (this.#chars[at] === "\n") break;
    }
    return found;
  }

  #fits(segment: Segment, at: number): boolean {
    this.#work += 1;
    if (this.#work > MAX_WORK) throw this.#error("the pattern takes too long to match");
    if (at + segment.length > this.#chars.length) return false;
    for (let index = 0; index < segment.length; index++) {
      const char = this.#chars[at + index];
      const wanted = segment[index];
      if (wanted === null ? char === "\n" : char !== wanted) {
        this.#work += index;
        return false;
      }
    }
    this.#work += segment.length;
    return true;
  }
}
