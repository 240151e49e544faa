import { TsbuildError } from "../core/errors.ts";
import { printable, type Bytes } from "../core/bytes.ts";
import { cleanPath } from "../core/paths.ts";
import { compileGlob, type Glob } from "./glob.ts";

/** Which patterns matched a directory: what is in it starts from there. Undefined stands for the root. */
export type MatchState = Uint8Array | undefined;

interface Pattern extends Glob {
  readonly negated: boolean;
}

/**
 * A list of .dockerignore patterns, with the meaning that BuildKit's walk gives them (moby/patternmatcher,
 * MatchesUsingParentResults): the last one that matches a path or a directory above it decides, and a `!` pattern is only
 * looked at where an earlier one had matched.
 */
export class PatternList {
  readonly #patterns: readonly Pattern[];
  readonly #negations: readonly Pattern[];

  /** Takes clean patterns, as `cleanPattern` makes them; `at` names the i-th one in an error. */
  constructor(patterns: readonly string[], at: (index: number) => string) {
    this.#patterns = patterns.map((pattern, index) => compile(pattern, () => at(index)));
    this.#negations = this.#patterns.filter((pattern) => pattern.negated);
  }

  get empty(): boolean {
    return this.#patterns.length === 0;
  }

  /** Index of the pattern by which a path is matched, or -1. `parent` is the state of the directory that it is in. */
  decide(path: string, parent: MatchState): number {
    return this.#evaluate(path, parent, undefined);
  }

  /** The state of a directory, for what is in it. */
  enter(directory: string, parent: MatchState): MatchState {
    const state = new Uint8Array(this.#patterns.length);
    this.#evaluate(directory, parent, state);
    return state;
  }

  /** Without the parents' states: works them out from the top. */
  decideAlone(path: Bytes): number {
    let state: MatchState;
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
      state = this.enter(path.slice(0, slash), state);
    return this.decide(path, state);
  }

  /** Whether a `!` pattern could bring back something below a matched directory. */
  couldBringBackBelow(directory: string): boolean {
    return this.#negations.some((pattern) => pattern.couldMatchBelow(directory));
  }

  /** Whether anything below a directory that did not match could match. */
  couldMatchBelow(directory: string): boolean {
    return this.#patterns.some((pattern) => !pattern.negated && pattern.couldMatchBelow(directory));
  }

  #evaluate(path: string, parent: MatchState, state: Uint8Array | undefined): number {
    let decided = -1;
    // Runs for every file of a context: an iterator would be a quarter of its time.
    for (let index = 0; index < this.#patterns.length; index++) {
      const pattern = this.#patterns[index];
      if (pattern === undefined) break;
      if (parent?.[index] !== 1 && (pattern.negated !== decided >= 0 || !pattern.matches(path))) continue;
      if (state !== undefined) state[index] = 1;
      decided = pattern.negated ? -1 : index;
    }
    return decided;
  }
}

/**
 * A pattern as moby's reader leaves it: white space around it gone, `.` and `..` worked out, no slash in front or at the
 * end. "" where nothing is left.
 */
export function cleanPattern(line: string): string {
  const text = trimBytes(line);
  if (text === "") return "";
  const negated = text.startsWith("!");
  const body = negated ? trimBytes(text.slice(1)) : text;
  if (body === "") return "!";
  const clean = cleanPath(body);
  return (negated ? "!" : "") + (clean.length > 1 && clean.startsWith("/") ? clean.slice(1) : clean);
}

/** `String.trim` takes byte A0 for a space; here it may be the end of a UTF-8 character. */
function trimBytes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}

function compile(pattern: string, at: () => string): Pattern {
  const negated = pattern.startsWith("!");
  const body = negated ? pattern.slice(1) : pattern;
  const glob = body === "" ? undefined : (shortcut(body) ?? compileGlob(body, true));
  if (glob === undefined) {
    throw new TsbuildError(
      "CONFIG_INVALID",
      `Cannot use pattern "${printable(pattern)}" of ${at()}: it is malformed`,
      {
        hint:
          body === ""
            ? "write what to bring back after the !"
            : "close every [ with a ], and write \\ before a character that is meant literally",
      },
    );
  }
  return { negated, matches: glob.matches, couldMatchBelow: glob.couldMatchBelow };
}

const SPECIAL = /[*?[\]\\]/;

/** Patterns that moby compares as plain text. They are the usual ones, and `**foo` also takes `xfoo` that way. */
function shortcut(pattern: string): Glob | undefined {
  if (!SPECIAL.test(pattern)) {
    return {
      matches: (path) => path === pattern,
      couldMatchBelow: (directory) => pattern.startsWith(`${directory}/`),
    };
  }
  if (pattern.startsWith("**") && !SPECIAL.test(pattern.slice(2))) {
    const suffix = pattern.slice(2);
    return {
      matches: (path) => path.endsWith(suffix) || (suffix.startsWith("/") && path === suffix.slice(1)),
      couldMatchBelow: () => true,
    };
  }
  if (pattern.endsWith("**") && !SPECIAL.test(pattern.slice(0, -2))) {
    const prefix = pattern.slice(0, -2);
    return {
      matches: (path) => path.startsWith(prefix),
      couldMatchBelow: (directory) =>
        `${directory}/`.startsWith(prefix) || prefix.startsWith(`${directory}/`),
    };
  }
  return undefined;
}
