import { ExpansionError } from "./expansion-error.ts";
import { applyOperator, isOperator, type Operator } from "./shell-operators.ts";
import { MAX_LENGTH, removePrefix, removeSuffix, replaceMatches } from "./shell-pattern.ts";
import { WordList } from "./word-list.ts";

/** How BuildKit's lexer (frontend/dockerfile/shell/lex.go) is set up for one use. */
export interface LexOptions {
  readonly escape: "\\" | "`";
  /** The value of a variable; undefined where it is not set. */
  readonly lookup: (name: string) => string | undefined;
  /** Whether `words` are wanted. */
  readonly split?: boolean;
  /** Quotes stay in the result. */
  readonly rawQuotes?: boolean;
  /** Escape characters stay in the result. */
  readonly rawEscapes?: boolean;
  /** Quotes are ordinary characters. */
  readonly ignoreQuotes?: boolean;
  /** `$x` stays as it is where x is not set. */
  readonly keepUnset?: boolean;
}

export interface LexResult {
  readonly value: string;
  /** The value split at spaces that were not quoted. */
  readonly words: readonly string[];
  /** Variables that are not set, each once, in order; also those with a default. */
  readonly unset: readonly string[];
}

const MAX_DEPTH = 100;
/** What nearly every name is: V8 takes a millisecond to read the one for all scripts. */
const ASCII_NAME = /[0-9]+|[@*#?$!-]|[A-Za-z_][A-Za-z0-9_]*|/y;
let anyName: RegExp | undefined;

/** Resolves quotes, escapes and variables of a text. Throws ExpansionError. */
export function lex(text: string, options: LexOptions): LexResult {
  return new Lexer(text, options).run();
}

class Lexer {
  readonly #text: string;
  readonly #options: LexOptions;
  readonly #unset = new Set<string>();
  #rawEscapes: boolean;
  #at = 0;
  #depth = 0;

  constructor(text: string, options: LexOptions) {
    this.#text = text;
    this.#options = options;
    this.#rawEscapes = options.rawEscapes === true;
  }

  run(): LexResult {
    const words = this.#options.split === true ? new WordList() : undefined;
    const value = this.#until("", words);
    return { value, words: words?.finish() ?? [], unset: [...this.#unset] };
  }

  /** Up to `stop`, which is consumed; "" is the end of the text. */
  #until(stop: string, words?: WordList): string {
    let value = "";
    while (this.#at < this.#text.length) {
      const char = this.#text.charAt(this.#at);
      if (char === stop) {
        this.#at++;
        return value;
      }
      if (char === "$") {
        const found = this.#dollar();
        value += found;
        words?.add(found);
      } else if (!this.#isSpecial(char, stop)) {
        const run = this.#plainRun(stop);
        value += run;
        words?.add(run);
      } else {
        const found = this.#quoted(char);
        value += found;
        words?.addQuoted(found);
      }
      this.#checkLength(value);
    }
    if (stop !== "") throw this.#error(`"${stop}" is missing in \${}`);
    return value;
  }

  #isSpecial(char: string, stop: string): boolean {
    if (char === "$" || char === this.#options.escape || char === stop) return true;
    return (char === "'" || char === '"') && this.#options.ignoreQuotes !== true;
  }

  #plainRun(stop: string): string {
    const start = this.#at++;
    while (this.#at < this.#text.length && !this.#isSpecial(this.#text.charAt(this.#at), stop)) this.#at++;
    return this.#text.slice(start, this.#at);
  }

  #quoted(char: string): string {
    this.#at++;
    if (char === this.#options.escape) return (this.#rawEscapes ? char : "") + this.#next();
    const body = char === "'" ? this.#singleQuoted() : this.#doubleQuoted();
    return this.#options.rawQuotes === true ? char + body + char : body;
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end < 0) throw this.#error("a single quote is not closed");
    const body = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return body;
  }

  #doubleQuoted(): string {
    const { escape } = this.#options;
    let value = "";
    for (;;) {
      const char = this.#text.charAt(this.#at);
      if (char === "") throw this.#error("a double quote is not closed");
      if (char === "$") {
        value += this.#dollar();
        this.#checkLength(value);
        continue;
      }
      this.#at++;
      if (char === '"') return value;
      if (char !== escape) {
        value += char;
        continue;
      }
      if (this.#rawEscapes) value += char;
      const escaped = this.#text.charAt(this.#at);
      // Before anything else the escape character is a plain character: "\n" is two of them.
      value += escaped === '"' || escaped === "$" || escaped === escape ? this.#next() : char;
    }
  }

  #dollar(): string {
    this.#at++;
    if (this.#text.charAt(this.#at) === "{") {
      if (++this.#depth > MAX_DEPTH) throw this.#error(`\${} is nested more than ${MAX_DEPTH} times`);
      this.#at++;
      const value = this.#braces();
      this.#depth--;
      return value;
    }
    const name = this.#name();
    if (name === "") return "$";
    const value = this.#lookup(name);
    return value ?? (this.#options.keepUnset === true ? `$${name}` : "");
  }

  #braces(): string {
    const first = this.#text.charAt(this.#at);
    if (first === "{" || first === "}" || first === ":") throw this.#error("bad substitution");
    const name = this.#name();
    const char = this.#next();
    if (char === "") throw this.#error('"}" is missing in ${}');
    if (char === "}") {
      return this.#lookup(name) ?? (this.#options.keepUnset === true ? `\${${name}}` : "");
    }
    if (char === "/") return this.#replace(name);
    const modifier = char === ":" ? char + this.#next() : char;
    if (!isOperator(modifier)) {
      // As in BuildKit, where heredocs are looked for, `${x:=y}` of the shell passes and `${x=y}` does not.
      const passes = this.#options.keepUnset === true && char === ":" && !/[#%]$/.test(modifier);
      if (!passes) throw this.#error(`"${modifier}" is not a modifier that ${"${}"} knows`);
      return `\${${name}${modifier}${this.#nested("}", false)}}`;
    }
    return this.#operate(name, modifier);
  }

  #operate(name: string, operator: Operator): string {
    const isPattern = operator === "#" || operator === "%";
    const word = this.#nested("}", isPattern);
    const value = this.#lookup(name);
    if (value === undefined && this.#options.keepUnset === true) return `\${${name}${operator}${word}}`;
    if (operator !== "#" && operator !== "%") {
      return applyOperator(operator, name, value, word, (reason) => this.#error(reason));
    }
    const longest = word.startsWith(operator);
    const pattern = longest ? word.slice(1) : word;
    const remove = operator === "#" ? removePrefix : removeSuffix;
    return remove(value ?? "", pattern, longest, (reason) => this.#error(reason));
  }

  #replace(name: string): string {
    const all = this.#text.charAt(this.#at) === "/";
    if (all) this.#at++;
    const pattern = this.#nested("/", true);
    const replacement = this.#nested("}", true);
    const value = this.#lookup(name);
    if (value === undefined && this.#options.keepUnset === true)
      return `\${${name}/${pattern}/${replacement}}`;
    return replaceMatches(value ?? "", pattern, replacement, all, (reason) => this.#error(reason));
  }

  #nested(stop: string, rawEscapes: boolean): string {
    const before = this.#rawEscapes;
    this.#rawEscapes = rawEscapes;
    const value = this.#until(stop);
    this.#rawEscapes = before;
    return value;
  }

  #name(): string {
    const ascii = this.#match(ASCII_NAME);
    const isWhole = !(this.#text.charCodeAt(this.#at + ascii.length) > 0x7f);
    const name = isWhole ? ascii : this.#match((anyName ??= /\p{Nd}+|[@*#?$!-]|[\p{L}_][\p{L}\p{Nd}_]*/uy));
    this.#at += name.length;
    return name;
  }

  #match(name: RegExp): string {
    name.lastIndex = this.#at;
    return name.exec(this.#text)?.[0] ?? "";
  }

  #lookup(name: string): string | undefined {
    const value = this.#options.lookup(name);
    if (value === undefined) this.#unset.add(name);
    return value;
  }

  /** The next character, whole where it is a surrogate pair; "" at the end. */
  #next(): string {
    const code = this.#text.codePointAt(this.#at);
    const char = code === undefined ? "" : String.fromCodePoint(code);
    this.#at += char.length;
    return char;
  }

  #checkLength(value: string): void {
    if (value.length > MAX_LENGTH) throw this.#error(`the value is longer than ${MAX_LENGTH} characters`);
  }

  #error(reason: string): ExpansionError {
    return new ExpansionError(this.#text, reason);
  }
}
