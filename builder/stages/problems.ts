import type { Diagnostic, Range, SourceText } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";

/** What planning tells beside its result. A warning about the command line has no place in the Dockerfile. */
export type EmitWarning = (message: string, diagnostic?: Diagnostic) => void;

/** Why it is wrong and what to write instead. */
export interface Advice {
  readonly reason?: string | undefined;
  readonly fix?: string | undefined;
}

/** Rule of what the language has and tsbuild does not do yet. */
const UNSUPPORTED = "Unsupported";

/** Gathers what is wrong with a Dockerfile, so that all of it is told at once. */
export class Problems {
  readonly source: SourceText;
  readonly #errors: Diagnostic[] = [];
  readonly #emitWarning: EmitWarning;
  readonly #warned = new Set<string>();

  constructor(source: SourceText, emitWarning: EmitWarning) {
    this.source = source;
    this.#emitWarning = emitWarning;
  }

  error(rule: string, message: string, range: Range, advice: Advice = {}): void {
    this.#errors.push(this.#diagnostic("error", rule, message, range, advice));
  }

  unsupported(message: string, range: Range, advice: Advice = {}): void {
    this.error(UNSUPPORTED, message, range, advice);
  }

  /** Each warning is told once: a stage that two others need is worked out once, a trigger may not be. */
  warning(rule: string, message: string, range: Range, advice: Advice = {}): void {
    const key = `${rule}\0${message}\0${range.start.line}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#emitWarning(message, this.#diagnostic("warning", rule, message, range, advice));
  }

  /** A warning about what was asked for, not about what the Dockerfile says. */
  remark(message: string): void {
    this.#emitWarning(message);
  }

  /** Errors that the parser has found; its warnings are told by who called it. */
  add(diagnostics: readonly Diagnostic[]): void {
    this.#errors.push(...diagnostics.filter(({ severity }) => severity === "error"));
  }

  throwIfAny(): void {
    const errors = this.#errors.toSorted((a, b) => a.range.start.line - b.range.start.line);
    const [first] = errors;
    if (first === undefined) return;
    const code = errors.every(({ rule }) => rule === UNSUPPORTED) ? "UNSUPPORTED" : "DOCKERFILE_INVALID";
    const message =
      errors.length === 1
        ? first.message
        : `Cannot build "${this.source.name}": it has ${errors.length} errors`;
    throw new TsbuildError(code, message, { diagnostics: errors });
  }

  #diagnostic(
    severity: Diagnostic["severity"],
    rule: string,
    message: string,
    range: Range,
    { reason, fix }: Advice,
  ): Diagnostic {
    return {
      severity,
      rule,
      message,
      range,
      source: this.source,
      ...(reason === undefined ? {} : { reason }),
      ...(fix === undefined ? {} : { fix }),
    };
  }
}
