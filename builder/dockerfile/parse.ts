import type { Diagnostic, SourceText } from "../core/diagnostic.ts";
import { checkPolicy } from "./checks/policy.ts";
import { runChecks } from "./checks/run.ts";
import { Diagnostics } from "./diagnostics.ts";
import { readDirectives } from "./directives.ts";
import { Beginnings } from "./instruction-range.ts";
import { parseInstruction, type Statement } from "./instructions/parse-instruction.ts";
import { joinLines, type LogicalLine } from "./logical-lines.ts";
import { lineEnd, lineRange, splitLines, type PhysicalLine } from "./source.ts";
import { checkStructure, checkText } from "./structure.ts";
import type { Dockerfile, Instruction } from "./types.ts";

/** As many are planned and printed within a second; the longest that people write have some hundreds. */
const MAX_INSTRUCTIONS = 20_000;

/**
 * Reads a Dockerfile. Never throws for what stands in it: all that is wrong is in `diagnostics`, all of it at once, and
 * all that its checks warn of. `check` stands in for its own `# check=` directive.
 */
export function parseDockerfile(source: SourceText, check?: string): Dockerfile {
  const diagnostics = new Diagnostics();
  const report = (diagnostic: Diagnostic): void => diagnostics.report(diagnostic);
  const unreadable = checkText(source);
  if (unreadable !== undefined) {
    report(unreadable);
    return { source, directives: { escape: "\\" }, instructions: [], diagnostics: diagnostics.sorted() };
  }
  const lines = splitLines(source.text);
  const zone = readDirectives(source, lines);
  zone.diagnostics.forEach(report);
  const { escape } = zone.directives;
  const logical = joinLines(lines, escape, zone.lines, source.text);
  const instructions = parseLines({ source, text: source.text, lines, logical, escape, report });
  checkStructure(source, instructions, logical.length).forEach(report);
  const directives = check === undefined ? zone.directives : { ...zone.directives, check };
  const policy = checkPolicy({ directives, instructions });
  runChecks({ source, lines, instructions, policy }).forEach(report);
  return {
    source,
    directives,
    instructions,
    diagnostics: diagnostics
      .sorted()
      .filter(({ severity, rule, range }) => severity === "error" || policy.applies(rule, range)),
  };
}

/** Reads an ONBUILD trigger of an image's config. `source` is what diagnostics name; positions are those in `text`. */
export function parseTrigger(
  text: string,
  source: SourceText,
  escape: "\\" | "`",
): { readonly instruction?: Instruction; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics = new Diagnostics();
  const report = (diagnostic: Diagnostic): void => diagnostics.report(diagnostic);
  const unreadable = checkText({ name: source.name, text });
  if (unreadable !== undefined) return { diagnostics: [unreadable] };
  const lines = splitLines(text);
  const logical = joinLines(lines, escape, 0, text);
  const [instruction] = parseLines({ source, text, lines, logical, escape, report });
  const allowed = instruction === undefined || !["onbuild", "from", "maintainer"].includes(instruction.kind);
  if (logical.length === 1 && allowed) {
    return { ...(instruction && { instruction }), diagnostics: diagnostics.sorted() };
  }
  report({
    severity: "error",
    rule: "InvalidOnbuild",
    message: "An ONBUILD trigger must be one instruction, and none of FROM, MAINTAINER and ONBUILD",
    range: lineRange(lines, 0),
    source,
  });
  return { diagnostics: diagnostics.sorted() };
}

interface Input {
  readonly source: SourceText;
  readonly text: string;
  readonly lines: readonly PhysicalLine[];
  readonly logical: readonly LogicalLine[];
  readonly escape: "\\" | "`";
  readonly report: (diagnostic: Diagnostic) => void;
}

function parseLines({ source, text, lines, logical, escape, report }: Input): readonly Instruction[] {
  if (logical.length > MAX_INSTRUCTIONS) {
    const range = lineRange(lines, logical[MAX_INSTRUCTIONS]?.firstLine ?? 0);
    const message = `The file has more than ${MAX_INSTRUCTIONS} instructions`;
    report({ severity: "error", rule: "TooManyInstructions", message, range, source });
    return [];
  }
  const beginnings = new Beginnings(text, lines, logical);
  const instructions: Instruction[] = [];
  for (let at = 0; at < logical.length; at++) {
    const line = logical[at];
    if (line === undefined) break;
    const range = beginnings.rangeOf(line);
    const statement: Statement = { line, range, source, escape, above: logical[at - 1] };
    checkLine(statement, lines, report);
    const instruction = parseInstruction(statement, report);
    if (instruction !== undefined) instructions.push(instruction);
  }
  return instructions;
}

function checkLine(
  { line, source, range }: Statement,
  lines: readonly PhysicalLine[],
  report: Input["report"],
): void {
  const [empty] = line.emptyLines;
  if (empty !== undefined) {
    report({
      severity: "warning",
      rule: "NoEmptyContinuation",
      message: "An instruction goes on behind an empty line",
      range: lineRange(lines, empty),
      source,
      reason: "BuildKit says that this will become an error",
      fix: "remove the empty line, or put a comment there",
    });
  }
  if (line.unterminated !== undefined) {
    const { name } = line.unterminated;
    report({
      severity: "error",
      rule: "UnterminatedHeredoc",
      message: `The heredoc "${name}" has no end`,
      range: { start: range.start, end: lineEnd(lines, range.start.line) },
      source,
      fix: `put a line with nothing but ${name} behind its text`,
    });
  }
}
