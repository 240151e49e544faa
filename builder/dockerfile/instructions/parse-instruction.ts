import type { Diagnostic, Range, SourceText } from "../../core/diagnostic.ts";
import { splitCommand } from "../flags.ts";
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
import type { Scope } from "./scope.ts";
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
  const { line, source } = statement;
  const { keyword, flags, rest } = splitCommand(span);
  const scope: Scope = {
    keyword: keyword.text.toUpperCase(),
    keywordSpan: keyword,
    flags,
    rest,
    heredocs: line.heredocs,
    ...(line.unterminated === undefined ? {} : { unterminated: line.unterminated }),
    escape: statement.escape,
    base: { range: statement.range, original: line.text, comments: line.comments },
    rangeOf: (part) => rangeOfSpan(line.pieces, part),
    report: ({ span, severity = "error", ...problem }) => {
      report({ severity, ...problem, range: rangeOfSpan(line.pieces, span), source });
    },
    parseInner: (inner) => parseInstruction(statement, report, inner),
  };
  const parse = PARSERS.get(scope.keyword);
  if (parse !== undefined) return parse(scope);
  scope.report({
    rule: "UnknownInstruction",
    message: `Unknown instruction "${keyword.text.slice(0, 40)}"`,
    span: keyword,
    ...explainUnknown(scope.keyword, PARSERS.keys(), statement.above),
  });
  return undefined;
}
