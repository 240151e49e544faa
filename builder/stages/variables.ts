import type { Word } from "../dockerfile/types.ts";
import {
  ExpansionError,
  expandHeredoc,
  expandWord,
  expandWords,
  type Expanded,
} from "../dockerfile/expand.ts";
import { lex } from "../dockerfile/shell-lexer.ts";
import { MAX_LENGTH } from "../dockerfile/shell-pattern.ts";
import { didYouMean, nearest } from "../core/suggest.ts";
import type { Range } from "../core/diagnostic.ts";
import { Budget, ENTRY } from "./budget.ts";
import type { Problems } from "./problems.ts";

/** The variables that one instruction sees. */
export interface Scope {
  get(name: string): string | undefined;
  /** Names that are known: for "did you mean". */
  names(): Iterable<string>;
  /** True for an ARG without a value: it is unset, and meant to be. */
  declared(name: string): boolean;
}

/** The words that one became. */
type Words = ReturnType<typeof expandWords>;

/** By how much the variables in it may make a step's name longer. */
const MAX_NAME = 16_384;

/** Expands words and reports what is wrong with them, so that the caller can go on with an empty value. */
export class Expander {
  readonly budget: Budget;
  readonly #problems: Problems;
  readonly #escape: "\\" | "`";

  constructor(problems: Problems, escape: "\\" | "`") {
    this.budget = new Budget(problems.source);
    this.#problems = problems;
    this.#escape = escape;
  }

  word({ raw, range }: Word, scope: Scope): string {
    if (this.#isPlain(raw)) {
      this.budget.spend(ENTRY + raw.length, range);
      return raw;
    }
    const expand = (): Expanded => expandWord(raw, (name) => scope.get(name), { escape: this.#escape });
    return this.#try(raw, range, scope, expand)?.value ?? "";
  }

  /** A word of FROM, which sees only ARGs from before the first FROM. */
  fromWord({ raw, range }: Word, scope: Scope): string {
    const expand = (): Expanded => expandWord(raw, (name) => scope.get(name), { escape: this.#escape });
    return (
      this.#try(raw, range, scope, expand, (name) => this.#reportUnsetInFrom(name, range, scope))?.value ?? ""
    );
  }

  /** The value that a word has in a scope, or undefined where it has none; nothing is reported. */
  silently({ raw }: Word, scope: Scope): string | undefined {
    if (this.#isPlain(raw)) return raw;
    try {
      return expandWord(raw, (name) => scope.get(name), { escape: this.#escape }).value;
    } catch (error) {
      if (error instanceof ExpansionError) return undefined;
      throw error;
    }
  }

  /** EXPOSE alone splits at spaces after it has expanded (rule 10). */
  words({ raw, range }: Word, scope: Scope): readonly string[] {
    const options = { escape: this.#escape };
    return (
      this.#try(raw, range, scope, () => expandWords(raw, (name) => scope.get(name), options))?.values ?? []
    );
  }

  heredoc(body: string, range: Range, scope: Scope): string {
    return this.#try(body, range, scope, () => expandHeredoc(body, (name) => scope.get(name)))?.value ?? "";
  }

  /** For names of steps alone: quotes and unknown variables stay, and what cannot be expanded is shown as written. */
  line(text: string, scope: Scope): string {
    const lookup = (name: string): string | undefined => scope.get(name);
    const options = { escape: this.#escape, lookup, rawQuotes: true, rawEscapes: true, keepUnset: true };
    try {
      const { value } = lex(text, options);
      return value.length > text.length + MAX_NAME ? text : value;
    } catch (error) {
      if (error instanceof ExpansionError) return text;
      throw error;
    }
  }

  /** Whether a word is its own value, as most are. */
  #isPlain(raw: string): boolean {
    return !(
      raw.includes("$") ||
      raw.includes('"') ||
      raw.includes("'") ||
      raw.includes(this.#escape) ||
      raw.length > MAX_LENGTH
    );
  }

  #try<T extends Expanded | Words>(
    text: string,
    range: Range,
    scope: Scope,
    expand: () => T,
    reportUnset = (name: string): void => this.#reportUnset(name, range, scope),
  ): T | undefined {
    try {
      const expanded = expand();
      if ("value" in expanded) this.budget.spend(ENTRY + expanded.value.length, range);
      else this.budget.spendOn(expanded.values, range);
      for (const name of expanded.unset) if (!hasDefault(text, name)) reportUnset(name);
      return expanded;
    } catch (error) {
      if (!(error instanceof ExpansionError)) throw error;
      this.#problems.error("Expansion", error.message, range);
      return undefined;
    }
  }

  #reportUnset(name: string, range: Range, scope: Scope): void {
    if (scope.declared(name)) return;
    const meant = nearest(name, scope.names());
    // A base image that is not known may set it; but a name that is nearly one of this file's is a slip all the same.
    if (this.#problems.guessing && meant === undefined) return;
    this.#problems.sureWarning("UndefinedVar", `Usage of undefined variable "$${name}"`, range, {
      reason: "no ARG or ENV before this line sets it, so it is empty here",
      fix: meant === undefined ? undefined : `did you mean "$${meant}"?`,
    });
  }

  #reportUnsetInFrom(name: string, range: Range, scope: Scope): void {
    if (scope.declared(name)) return;
    this.#problems.sureWarning("UndefinedArgInFrom", `FROM uses "$${name}", which no ARG declares`, range, {
      reason: "FROM sees only ARGs that stand before the first FROM",
      fix: didYouMean(name, scope.names()) ?? `write ARG ${name} above the first FROM`,
    });
  }
}

/** `${x:-y}` and its like say what an unset x means: nothing to warn of. */
function hasDefault(text: string, name: string): boolean {
  return ["-", ":-", "+", ":+", "?", ":?"].some((operator) => text.includes(`\${${name}${operator}`));
}

/** A scope over values and the names of arguments that were declared. Both may change: the scope is of what they are then. */
export function scopeOf(
  values: ReadonlyMap<string, string>,
  declared: ReadonlyMap<string, unknown> = new Map(),
): Scope {
  return new MapScope(values, declared);
}

class MapScope implements Scope {
  readonly #values: ReadonlyMap<string, string>;
  readonly #declared: ReadonlyMap<string, unknown>;

  constructor(values: ReadonlyMap<string, string>, declared: ReadonlyMap<string, unknown>) {
    this.#values = values;
    this.#declared = declared;
  }

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  *names(): Iterable<string> {
    yield* this.#values.keys();
    yield* this.#declared.keys();
  }

  declared(name: string): boolean {
    return this.#declared.has(name);
  }
}
