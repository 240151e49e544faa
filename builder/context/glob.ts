/**
 * Shell patterns over paths, matched by stepping through all states at once: time grows with pattern times path, whatever
 * they are, so that no pattern of a Dockerfile or .dockerignore can hang a build. Paths are `Bytes`; `?` and classes take
 * a whole UTF-8 character, as Go's do.
 */
export interface Glob {
  matches(path: string): boolean;
  /** Whether some path below this directory could match. */
  couldMatchBelow(directory: string): boolean;
}

type Token =
  | { readonly kind: "char"; readonly code: number }
  /** `?`: one character that is no slash. */
  | { readonly kind: "one" }
  | {
      readonly kind: "class";
      readonly negated: boolean;
      readonly ranges: readonly (readonly [number, number])[];
    }
  /** `*`: any characters but slashes. */
  | { readonly kind: "star" }
  /** Start of `**` + `/`: nothing, or what `skip-body` takes. */
  | { readonly kind: "skip" }
  /** Anything that ends in a slash. */
  | { readonly kind: "skip-body" }
  /** `**` at the end: anything. */
  | { readonly kind: "rest" };

const SLASH = 0x2f;

/**
 * Compiles Go's filepath.Match syntax: `*`, `?`, `[a-z]`, `[^a]`, `\` before a character that is meant literally. With
 * `doubleStar`, `**` crosses slashes as in .dockerignore (moby/patternmatcher). Undefined where Go calls it malformed.
 */
export function compileGlob(pattern: string, doubleStar: boolean): Glob | undefined {
  const tokens = tokenize(codesOf(pattern), doubleStar);
  if (tokens === undefined) return undefined;
  const literalEnd = literalTail(tokens);
  return {
    matches: (path) => path.endsWith(literalEnd) && run(tokens, codesOf(path)).has(tokens.length),
    couldMatchBelow: (directory) => run(tokens, codesOf(`${directory}/`)).size > 0,
  };
}

/** Whether a path has characters that make it a pattern, as BuildKit's containsWildcards counts them. */
export function hasWildcard(path: string): boolean {
  return /^(?:[^\\*?[]|\\[^])*[*?[]/.test(path);
}

function tokenize(codes: readonly number[], doubleStar: boolean): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < codes.length) {
    const code = codes[at++];
    if (code === undefined) break;
    if (code === STAR && doubleStar && codes[at] === STAR) {
      at++;
      if (codes[at] === SLASH) at++;
      if (at >= codes.length) tokens.push({ kind: "rest" });
      else tokens.push({ kind: "skip" }, { kind: "skip-body" });
    } else if (code === STAR) {
      if (tokens.at(-1)?.kind !== "star") tokens.push({ kind: "star" });
    } else if (code === QUESTION) {
      tokens.push({ kind: "one" });
    } else if (code === BRACKET) {
      const found = parseClass(codes, at);
      if (found === undefined) return undefined;
      tokens.push(found.token);
      at = found.end;
    } else if (code === BACKSLASH) {
      const escaped = codes[at++];
      if (escaped === undefined) return undefined;
      tokens.push({ kind: "char", code: escaped });
    } else {
      tokens.push({ kind: "char", code });
    }
  }
  return tokens;
}

const STAR = 0x2a;
const QUESTION = 0x3f;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;

function parseClass(codes: readonly number[], start: number): { token: Token; end: number } | undefined {
  let at = start;
  const negated = codes[at] === CARET;
  if (negated) at++;
  const ranges: [number, number][] = [];
  for (;;) {
    if (codes[at] === CLOSE && ranges.length > 0)
      return { token: { kind: "class", negated, ranges }, end: at + 1 };
    const low = classMember(codes, at);
    if (low === undefined) return undefined;
    at = low.end;
    let high = low;
    if (codes[at] === DASH) {
      const found = classMember(codes, at + 1);
      if (found === undefined) return undefined;
      high = found;
      at = found.end;
    }
    ranges.push([low.code, high.code]);
  }
}

function classMember(codes: readonly number[], at: number): { code: number; end: number } | undefined {
  const code = codes[at];
  if (code === undefined || code === DASH || code === CLOSE) return undefined;
  if (code !== BACKSLASH) return { code, end: at + 1 };
  const escaped = codes[at + 1];
  return escaped === undefined ? undefined : { code: escaped, end: at + 2 };
}

/** The states that are left after `codes`: each is the index of the token that comes next. */
function run(tokens: readonly Token[], codes: readonly number[]): ReadonlySet<number> {
  let states = new Set<number>();
  enter(tokens, states, 0);
  for (const code of codes) {
    const next = new Set<number>();
    for (const state of states) step(tokens, next, state, code);
    if (next.size === 0) return next;
    states = next;
  }
  return states;
}

function step(tokens: readonly Token[], next: Set<number>, state: number, code: number): void {
  const token = tokens[state];
  switch (token?.kind) {
    case "char":
      if (token.code === code) enter(tokens, next, state + 1);
      break;
    case "one":
      if (code !== SLASH) enter(tokens, next, state + 1);
      break;
    case "class":
      if (token.ranges.some(([low, high]) => low <= code && code <= high) !== token.negated)
        enter(tokens, next, state + 1);
      break;
    case "star":
      if (code !== SLASH) enter(tokens, next, state);
      break;
    case "skip-body":
      next.add(state);
      if (code === SLASH) enter(tokens, next, state + 1);
      break;
    case "rest":
      enter(tokens, next, state);
      break;
    case "skip":
    case undefined:
      break;
  }
}

/** Adds a state, and those that it leads to without a character. */
function enter(tokens: readonly Token[], states: Set<number>, first: number): void {
  for (let state = first; !states.has(state); state++) {
    states.add(state);
    const kind = tokens[state]?.kind;
    if (kind === "skip") {
      states.add(state + 1);
      state++;
    } else if (kind !== "star" && kind !== "rest") {
      return;
    }
  }
}

/** The ASCII characters that every match ends with: looked at first, as most paths fail there. */
function literalTail(tokens: readonly Token[]): string {
  let tail = "";
  for (const token of tokens.toReversed()) {
    if (token.kind !== "char" || token.code > 0x7f) break;
    tail = String.fromCharCode(token.code) + tail;
  }
  return tail;
}

const OUTSIDE_UNICODE = 0x110000;

/** The characters of a path; a byte that is no UTF-8 is a character of its own. */
function codesOf(path: string): readonly number[] {
  const codes: number[] = [];
  for (let at = 0; at < path.length;) {
    const lead = path.charCodeAt(at);
    const length = lead < 0xc2 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 1;
    let code = length === 1 ? lead : lead & (0xff >> (length + 1));
    let taken = 1;
    while (taken < length && (path.charCodeAt(at + taken) & 0xc0) === 0x80) {
      code = (code << 6) | (path.charCodeAt(at + taken) & 0x3f);
      taken++;
    }
    if (taken < length || (length === 1 && lead > 0x7f)) {
      codes.push(OUTSIDE_UNICODE + lead);
      at++;
    } else {
      codes.push(code);
      at += length;
    }
  }
  return codes;
}
