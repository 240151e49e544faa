import { plainRange, type Diagnostic, type Range, type SourceText } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";
import { nearest } from "../core/suggest.ts";
import { checkPolicy, type CheckPolicy } from "../dockerfile/checks/policy.ts";
import type { Dockerfile } from "../dockerfile/types.ts";

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
  readonly #policy: CheckPolicy;
  readonly #errors: Diagnostic[];
  readonly #warnings: Diagnostic[];
  readonly #emitWarning: EmitWarning;
  readonly #warned = new Set<string>();
  #splitLines: readonly string[] | undefined;
  #guessing = false;

  /** Begins with what the parser found, and tells its warnings. */
  constructor(dockerfile: Dockerfile, emitWarning: EmitWarning) {
    const { source, diagnostics } = dockerfile;
    this.source = source;
    this.#emitWarning = emitWarning;
    this.#policy = checkPolicy(dockerfile);
    this.#errors = diagnostics.filter(({ severity }) => severity === "error");
    this.#warnings = diagnostics.filter(({ severity }) => severity === "warning");
    for (const warning of this.#warnings) this.#tell(warning);
  }

  get failed(): boolean {
    return this.#errors.length > 0;
  }

  /** Whether a line that could not be read may have been a FROM: then nothing is known of what belongs to which stage. */
  get stagesUnclear(): boolean {
    return this.#errors.some(({ range }) => {
      const [word = ""] = (this.#lines[range.start.line] ?? "").trimStart().split(/\s/, 1);
      return nearest(word, ["FROM"]) !== undefined;
    });
  }

  /**
   * Works with variables of which some are not known: because the base image is not, or because a line could not be
   * read. Nothing is said then of text that has a variable in it.
   */
  guess<T>(guessing: boolean, work: () => T): T {
    const before = this.#guessing;
    this.#guessing = guessing;
    try {
      return work();
    } finally {
      this.#guessing = before;
    }
  }

  get guessing(): boolean {
    return this.#guessing;
  }

  error(rule: string, message: string, range: Range, advice: Advice = {}): void {
    if (this.#isGuess(range)) return;
    this.#errors.push(this.#diagnostic("error", rule, message, range, advice));
  }

  unsupported(what: string, message: string, range: Range, advice: Advice = {}): void {
    this.error(`${UNSUPPORTED}${what}`, message, range, advice);
  }

  /** Each warning is told once: a stage that two others need is worked out once, a trigger may not be. */
  warning(rule: string, message: string, range: Range, advice: Advice = {}): void {
    if (!this.#policy.applies(rule, range) || this.#isGuess(range)) return;
    this.sureWarning(rule, message, range, advice);
  }

  /** A warning that holds whatever the variables are. */
  sureWarning(rule: string, message: string, range: Range, advice: Advice = {}): void {
    if (!this.#policy.applies(rule, range)) return;
    const key = `${rule}\0${message}\0${range.start.line}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    const diagnostic = this.#diagnostic("warning", rule, message, range, advice);
    this.#warnings.push(diagnostic);
    this.#tell(diagnostic);
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
    if (!this.#policy.fatal) return;
    this.#errors.push(...this.#warnings.map((warning) => ({ ...warning, severity: "error" as const })));
    this.throwIfAny();
  }

  /** What fails the build is told with its failure, once. */
  #tell(warning: Diagnostic): void {
    if (!this.#policy.fatal) this.#emitWarning(warning.message, warning);
  }

  get #lines(): readonly string[] {
    return (this.#splitLines ??= this.source.text.split("\n"));
  }

  #isGuess(range: Range): boolean {
    if (!this.#guessing) return false;
    const { start, end } = range;
    const [first = "", ...more] = this.#lines.slice(start.line, end.line + 1);
    if (more.length === 0) return first.slice(start.column, end.column).includes("$");
    more.push((more.pop() ?? "").slice(0, end.column));
    return [first.slice(start.column), ...more].some((line) => line.includes("$"));
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
      range: plainRange(range),
      source: this.source,
      ...(reason === undefined ? {} : { reason }),
      ...(fix === undefined ? {} : { fix }),
    };
  }
}
