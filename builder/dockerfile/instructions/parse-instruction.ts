import type { Diagnostic, Range, SourceText } from "../../core/diagnostic.ts";
import { splitCommand, type Command } from "../flags.ts";
import type { LogicalLine } from "../logical-lines.ts";
import { rangeOfSpan, type Span } from "../span.ts";
import type { Instruction } from "../types.ts";
import { parseCmd, parseEntrypoint, parseRun, parseShell } from "./commands.ts";
import { parseAdd, parseCopy } from "./copy.ts";
import { parseFrom } from "./from.ts";
import { parseHealthcheck } from "./healthcheck.ts";
import { parseArg, parseEnv, parseLabel } from "./key-values.ts";
import { parseExpose, parseVolume } from "./lists.ts";
import { parseOnbuild } from "./onbuild.ts";
import type { Problem, Scope } from "./scope.ts";
import { explainUnknown } from "./unknown.ts";
import { parseMaintainer, parseStopSignal, parseUser, parseWorkdir } from "./single.ts";

type Parser = (scope: Scope) => Instruction | undefined;

const PARSERS: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  ["ADD", parseAdd],
  ["ARG", parseArg],
  ["CMD", parseCmd],
  ["COPY", parseCopy],
  ["ENTRYPOINT", parseEntrypoint],
  ["ENV", parseEnv],
  ["EXPOSE", parseExpose],
  ["FROM", parseFrom],
  ["HEALTHCHECK", parseHealthcheck],
  ["LABEL", parseLabel],
  ["MAINTAINER", parseMaintainer],
  ["ONBUILD", parseOnbuild],
  ["RUN", parseRun],
  ["SHELL", parseShell],
  ["STOPSIGNAL", parseStopSignal],
  ["USER", parseUser],
  ["VOLUME", parseVolume],
  ["WORKDIR", parseWorkdir],
]);

/** One logical line with its place in the file. */
export interface Statement {
  readonly line: LogicalLine;
  /** Heredocs included. */
  readonly range: Range;
  readonly source: SourceText;
  /** The instruction before it. */
  readonly above: LogicalLine | undefined;
  readonly escape: "\\" | "`";
}

/** Reads one instruction; what is wrong with it is reported, and then there may be no instruction. */
export function parseInstruction(
  statement: Statement,
  report: (diagnostic: Diagnostic) => void,
  span: Span = { text: statement.line.text, at: 0 },
): Instruction | undefined {
  const scope = new StatementScope(statement, report, splitCommand(span));
  const parse = PARSERS.get(scope.keyword);
  if (parse !== undefined) return parse(scope);
  scope.report({
    rule: "UnknownInstruction",
    message: `Unknown instruction "${scope.keywordSpan.text.slice(0, 40)}"`,
    span: scope.keywordSpan,
    ...explainUnknown(scope.keyword, PARSERS.keys(), statement.above),
  });
  return undefined;
}

class StatementScope implements Scope {
  readonly keyword: string;
  readonly keywordSpan: Span;
  readonly flags: Scope["flags"];
  readonly rest: Span;
  readonly heredocs: Scope["heredocs"];
  readonly unterminated: Scope["unterminated"];
  readonly escape: Scope["escape"];
  readonly base: Scope["base"];
  readonly #statement: Statement;
  readonly #report: (diagnostic: Diagnostic) => void;

  constructor(
    statement: Statement,
    report: (diagnostic: Diagnostic) => void,
    { keyword, flags, rest }: Command,
  ) {
    const { line, range, escape } = statement;
    this.keyword = keyword.text.toUpperCase();
    this.keywordSpan = keyword;
    this.flags = flags;
    this.rest = rest;
    this.heredocs = line.heredocs;
    this.unterminated = line.unterminated;
    this.escape = escape;
    this.base = { range, original: line.text, comments: line.comments };
    this.#statement = statement;
    this.#report = report;
  }

  rangeOf(span: Span): Range {
    return rangeOfSpan(this.#statement.line.pieces, span);
  }

  report({ span, severity = "error", ...problem }: Problem): void {
    this.#report({ severity, ...problem, range: this.rangeOf(span), source: this.#statement.source });
  }

  parseInner(span: Span): Instruction | undefined {
    return parseInstruction(this.#statement, this.#report, span);
  }
}
