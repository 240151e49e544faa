import { lex } from "./shell-lexer.ts";

export { ExpansionError } from "./expansion-error.ts";

/** The value of a variable, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** What depends on the Dockerfile's `# escape`. */
export interface ExpandOptions {
  readonly escape: "\\" | "`";
}

/** A word's value. `unset`: the variables in it that are not set, for lint. */
export interface Expanded {
  readonly value: string;
  readonly unset: readonly string[];
}

/** The value of a word: variables put in, quotes and escapes resolved, spaces kept. Throws ExpansionError. */
export function expandWord(raw: string, lookup: Lookup, options: ExpandOptions): Expanded {
  const { value, unset } = lex(raw, { escape: options.escape, lookup });
  return { value, unset };
}

/** The values of a word that is split at spaces after variables are put in: EXPOSE alone. Throws ExpansionError. */
export function expandWords(
  raw: string,
  lookup: Lookup,
  options: ExpandOptions,
): { readonly values: readonly string[]; readonly unset: readonly string[] } {
  const { words, unset } = lex(raw, { escape: options.escape, lookup, split: true });
  return { values: words, unset };
}

/**
 * The body of an unquoted heredoc of COPY or ADD: quotes are ordinary characters, and the escape character is `\` whatever
 * the directive says (BuildKit convert.go). Throws ExpansionError.
 */
export function expandHeredoc(body: string, lookup: Lookup): Expanded {
  const { value, unset } = lex(body, { escape: "\\", lookup, ignoreQuotes: true });
  return { value, unset };
}
