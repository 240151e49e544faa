import type { Diagnostic, Range, SourceText } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import { CHECK_OPTIONS, readChecks, type Checks } from "./checks.ts";

/** What planning tells beside its result. A warning about the command line has no place in the Dockerfile. */
export type EmitWarning = (message: string, diagnostic?: Diagnostic) => void;

/** Why it is wrong and what to write instead. */
export interface Advice {
  readonly reason?: string | undefined;
  readonly fix?: string | undefined;
}

/** How rules begin that are about what the language has and tsbuild does not do yet. */
const UNSUPPORTED = "Unsupported";

/** Gathers what is wrong with a Dockerfile, so that all of it is told at once. */
export class Problems {
  readonly source: SourceText;
  readonly #checks: Checks;
  readonly #errors: Diagnostic[];
  readonly #warnings: Diagnostic[];
  readonly #emitWarning: EmitWarning;
  readonly #warned = new Set<string>();

  /** Begins with what the parser found; its warnings are told by who called it. */
  constructor({ source, directives, diagnostics }: Dockerfile, emitWarning: EmitWarning) {
    this.source = source;
    this.#emitWarning = emitWarning;
    this.#checks = readChecks(directives);
    this.#errors = diagnostics.filter(({ severity }) => severity === "error");
    this.#warnings = diagnostics.filter(
      ({ severity, rule }) => severity === "warning" && !this.#checks.skips(rule),
    );
    for (const option of this.#checks.unknown) this.#refuseCheck(option);
  }

  error(rule: string, message: string, range: Range, advice: Advice = {}): void {
    this.#errors.push(this.#diagnostic("error", rule, message, range, advice));
  }

  unsupported(what: string, message: string, range: Range, advice: Advice = {}): void {
    this.error(`${UNSUPPORTED}${what}`, message, range, advice);
  }

  /** Each warning is told once: a stage that two others need is worked out once, a trigger may not be. */
  warning(rule: string, message: string, range: Range, advice: Advice = {}): void {
    if (this.#checks.skips(rule)) return;
    const key = `${rule}\0${message}\0${range.start.line}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    const diagnostic = this.#diagnostic("warning", rule, message, range, advice);
    this.#warnings.push(diagnostic);
    this.#emitWarning(message, diagnostic);
  }

  /** A warning about what was asked for, not about what the Dockerfile says. */
  remark(message: string): void {
    this.#emitWarning(message);
  }

  throwIfAny(): void {
    const errors = this.#errors.toSorted((a, b) => a.range.start.line - b.range.start.line);
    const [first] = errors;
    if (first === undefined) return;
    const code = errors.every(({ rule }) => rule.startsWith(UNSUPPORTED))
      ? "UNSUPPORTED"
      : "DOCKERFILE_INVALID";
    const message =
      errors.length === 1
        ? first.message
        : `Cannot build "${this.source.name}": it has ${errors.length} errors`;
    throw new TsbuildError(code, message, { diagnostics: errors });
  }

  /** With `# check=error=true`, a build that has warnings is not begun. */
  throwIfFatal(): void {
    if (!this.#checks.fatal) return;
    this.#errors.push(...this.#warnings.map((warning) => ({ ...warning, severity: "error" as const })));
    this.throwIfAny();
  }

  #refuseCheck(option: string): void {
    const lines = this.source.text.split("\n");
    const line = Math.max(
      0,
      lines.findIndex((text) => /^\ufeff?#\s*check\s*=/i.test(text)),
    );
    const range = { start: { line, column: 0 }, end: { line: line + 1, column: 0 } };
    this.error("InvalidCheck", `Cannot use check option "${option}": it is not one`, range, {
      fix: didYouMean(option.split("=", 1)[0] ?? "", CHECK_OPTIONS) ?? "write skip=RULE,… or error=true",
    });
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
