import { TsbuildError } from "../core/errors.ts";

/** A part of a template. */
export type Part =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "put"; readonly pipe: Pipe }
  | {
      readonly kind: "if" | "with" | "range";
      readonly pipe: Pipe;
      readonly body: readonly Part[];
      readonly otherwise: readonly Part[];
    };

/** `$k, $v := a b | c`: each command's result is the last argument of the next one. */
export interface Pipe {
  readonly declares: readonly string[];
  readonly commands: readonly (readonly Term[])[];
}

export type Term =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "function"; readonly name: string }
  /** Fields of the dot, of a variable or of what parentheses give. */
  | { readonly kind: "fields"; readonly of: "." | `$${string}` | Pipe; readonly names: readonly string[] };

const ACTION = /\{\{(?:(-)\s)?\s*((?:"(?:[^"\\]|\\[^])*"|`[^`]*`|[^"`}]|\}(?!\}))*?)(?:\s(-))?\}\}/g;
const TOKEN =
  /\s*(?:"((?:[^"\\]|\\[^])*)"|`([^`]*)`|(-?\d+(?:\.\d+)?)|(\$\w*)|((?:\.\w+)+|\.)|([A-Za-z_]\w*)|(:=|[|(),]))/y;
const CONSTANTS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

/** Takes a template of Go apart (text/template): fields, functions, pipes, variables, if, with and range. */
export function parseTemplate(template: string): readonly Part[] {
  return new Parser(template).all();
}

/** What is wrong with a template. */
export function templateError(template: string, why: string): TsbuildError {
  return new TsbuildError("USAGE", `Cannot use --format ${template}: ${why}`, {
    hint: "write --format json, and pipe it to jq",
  });
}

type Token =
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "variable" | "path" | "word" | "sign"; readonly text: string };

class Parser {
  readonly #template: string;
  /** Texts and actions in turns. */
  readonly #pieces: (string | readonly Token[])[] = [];
  #at = 0;

  constructor(template: string) {
    this.#template = template;
    let from = 0;
    let trims = false;
    const text = (to: number, trimsEnd: boolean): void => {
      let piece = template.slice(from, to);
      if (/\{\{/.test(piece)) throw templateError(template, "an action is not closed");
      if (trims) piece = piece.trimStart();
      this.#pieces.push(trimsEnd ? piece.trimEnd() : piece);
    };
    for (const match of template.matchAll(ACTION)) {
      const [all, before, action = "", after] = match;
      text(match.index, before !== undefined);
      from = match.index + all.length;
      trims = after !== undefined;
      this.#pieces.push(/^\/\*.*\*\/$/s.test(action) ? [] : this.#tokens(action));
    }
    text(template.length, false);
  }

  all(): readonly Part[] {
    const parts = this.#parts();
    if (this.#at < this.#pieces.length) throw this.#wrong("an end or else has no beginning");
    return parts;
  }

  /** Up to the end of the template, or an end or else. */
  #parts(): Part[] {
    const parts: Part[] = [];
    for (; this.#at < this.#pieces.length; this.#at++) {
      const piece = this.#pieces[this.#at];
      if (typeof piece === "string") parts.push({ kind: "text", text: piece });
      else if (piece !== undefined && piece.length > 0) {
        const word = wordOf(piece[0]);
        if (word === "end" || word === "else") break;
        if (word === "if" || word === "with" || word === "range")
          parts.push(this.#block(word, piece.slice(1)));
        else parts.push({ kind: "put", pipe: this.#pipe([...piece]) });
      }
    }
    return parts;
  }

  #block(kind: "if" | "with" | "range", tokens: readonly Token[]): Part {
    const pipe = this.#pipe([...tokens]);
    this.#at++;
    const body = this.#parts();
    let otherwise: Part[] = [];
    const closing = this.#pieces[this.#at];
    if (closing !== undefined && typeof closing !== "string" && wordOf(closing[0]) === "else") {
      const nested = wordOf(closing[1]);
      // `else if` is an if of its own, which one end closes together with this.
      if (nested === "if" || nested === "with")
        return { kind, pipe, body, otherwise: [this.#block(nested, closing.slice(2))] };
      this.#at++;
      otherwise = this.#parts();
    }
    const end = this.#pieces[this.#at];
    if (end === undefined || typeof end === "string" || wordOf(end[0]) !== "end")
      throw this.#wrong(`${kind} has no end`);
    return { kind, pipe, body, otherwise };
  }

  #tokens(action: string): Token[] {
    const tokens: Token[] = [];
    TOKEN.lastIndex = 0;
    while (TOKEN.lastIndex < action.trimEnd().length) {
      const from = TOKEN.lastIndex;
      const match = TOKEN.exec(action);
      if (match === null) throw this.#wrong(`"${action.slice(from).trim()}" is no part of a template`);
      const [, quoted, raw, number, variable, path, word, sign] = match;
      if (quoted !== undefined || raw !== undefined)
        tokens.push({ kind: "value", value: raw ?? unquote(quoted ?? "") });
      else if (number !== undefined) tokens.push({ kind: "value", value: Number(number) });
      else if (variable !== undefined) tokens.push({ kind: "variable", text: variable });
      else if (path !== undefined) tokens.push({ kind: "path", text: path });
      else if (word !== undefined && CONSTANTS.has(word))
        tokens.push({ kind: "value", value: CONSTANTS.get(word) });
      else if (word !== undefined) tokens.push({ kind: "word", text: word });
      else tokens.push({ kind: "sign", text: sign ?? "" });
    }
    return tokens;
  }

  /** Takes its tokens away, up to a closing parenthesis. */
  #pipe(tokens: Token[]): Pipe {
    const declares = this.#declared(tokens);
    const commands: Term[][] = [[]];
    for (let token = tokens.shift(); token !== undefined && !isSign(token, ")"); token = tokens.shift()) {
      if (isSign(token, "|")) commands.push([]);
      else commands.at(-1)?.push(this.#term(token, tokens));
    }
    if (commands.some((command) => command.length === 0)) throw this.#wrong("a command is missing");
    return { declares, commands };
  }

  #declared(tokens: Token[]): string[] {
    const end = tokens.findIndex((token) => isSign(token, ":="));
    if (end < 0) return [];
    const names = tokens
      .splice(0, end + 1)
      .flatMap((token) => (token.kind === "variable" ? [token.text] : []));
    if (names.length === 0) throw this.#wrong(":= has no variable before it");
    return names;
  }

  #term(token: Token, tokens: Token[]): Term {
    switch (token.kind) {
      case "value":
        return token;
      case "word":
        return { kind: "function", name: token.text };
      case "path":
        return { kind: "fields", of: ".", names: namesIn(token.text) };
      case "variable":
        return { kind: "fields", of: `$${token.text.slice(1)}`, names: this.#namesAfter(tokens) };
      case "sign":
        if (token.text !== "(") throw this.#wrong(`"${token.text}" is out of place`);
        return { kind: "fields", of: this.#pipe(tokens), names: this.#namesAfter(tokens) };
    }
  }

  #namesAfter(tokens: Token[]): string[] {
    const [next] = tokens;
    if (next?.kind !== "path" || next.text === ".") return [];
    tokens.shift();
    return namesIn(next.text);
  }

  #wrong(why: string): TsbuildError {
    return templateError(this.#template, why);
  }
}

function wordOf(token: Token | undefined): string | undefined {
  return token?.kind === "word" ? token.text : undefined;
}

function isSign(token: Token, text: string): boolean {
  return token.kind === "sign" && token.text === text;
}

function namesIn(path: string): string[] {
  return path.split(".").filter((name) => name !== "");
}

function unquote(text: string): string {
  return text.replace(/\\([^])/g, (_all, letter: string) => ({ n: "\n", t: "\t" })[letter] ?? letter);
}
