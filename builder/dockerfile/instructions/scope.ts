import type { Range, Severity } from "../../core/diagnostic.ts";
import type { RawFlag } from "../flags.ts";
import type { HeredocStart } from "../heredoc.ts";
import type { Span } from "../span.ts";
import type { Heredoc, Instruction, Word } from "../types.ts";

/** All that the parser of one kind of instruction gets to see. */
export interface Scope {
  /** Upper case. */
  readonly keyword: string;
  readonly keywordSpan: Span;
  readonly flags: readonly RawFlag[];
  /** What follows the flags, trimmed. */
  readonly rest: Span;
  readonly heredocs: readonly Heredoc[];
  /** The heredoc that the end of the file cut off; it is reported already. */
  readonly unterminated: HeredocStart | undefined;
  readonly escape: "\\" | "`";
  /** What every instruction has. */
  readonly base: { readonly range: Range; readonly original: string; readonly comments: readonly string[] };
  rangeOf(span: Span): Range;
  report(problem: Problem): void;
  /** Reads the instruction inside ONBUILD. */
  parseInner(span: Span): Instruction | undefined;
}

/** A diagnostic before it is placed. */
export interface Problem {
  /** An error where not given. */
  readonly severity?: Severity;
  readonly rule: string;
  readonly message: string;
  readonly span: Span;
  readonly reason?: string;
  readonly fix?: string;
}

/** A part of the line as a word. */
export function toWord(scope: Scope, span: Span): Word {
  return { raw: span.text, range: scope.rangeOf(span) };
}

/** Reports an instruction that has no arguments, or too few. */
export function reportMissing(scope: Scope, message: string, fix: string): undefined {
  scope.report({ rule: "MissingArguments", message, span: scope.keywordSpan, fix });
}
