import type { Diagnostic, Position, Range, SourceText } from "../core/diagnostic.ts";
import { readAst } from "./ast.ts";
import { checkPolicy } from "./checks/policy.ts";
import { runChecks } from "./checks/run.ts";
import { Diagnostics } from "./diagnostics.ts";
import { readDirectives } from "./directives.ts";
import { parseInstruction, type Statement } from "./instructions/parse-instruction.ts";
import { joinLines, type LogicalLine } from "./logical-lines.ts";
import { maskText } from "./mask.ts";
import { lineRange, splitLines, type PhysicalLine } from "./source.ts";
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
  let found: ReadonlyMap<number, Position> | undefined;
  const starts = (): ReadonlyMap<number, Position> =>
    (found ??= new Map(
      readAst(maskText(text, lines, logical)).map(({ range }) => [range.start.line, range.start]),
    ));
  return logical.flatMap((line, index) => {
    const range: Range = {
      // Where nothing is wrong nobody asks, and dockerfile-ast need not even be loaded.
      get start() {
        return startOf(line, starts());
      },
      end: lineRange(lines, line.lastLine).end,
    };
    const statement: Statement = { line, range, source, escape, above: logical[index - 1] };
    checkLine(statement, lines).forEach(report);
    return parseInstruction(statement, report) ?? [];
  });
}

/** Where its keyword stands; an instruction may begin with lines that have nothing but a continuation character. */
function startOf({ pieces, firstLine }: LogicalLine, starts: ReadonlyMap<number, Position>): Position {
  const found = pieces.find(({ line }) => starts.has(line));
  return starts.get(found?.line ?? -1) ?? { line: firstLine, column: pieces[0]?.column ?? 0 };
}

function checkLine(
  { line, source, range }: Statement,
  lines: readonly PhysicalLine[],
): readonly Diagnostic[] {
  const diagnostics: Diagnostic[] = line.emptyLines.slice(0, 1).map((empty) => ({
    severity: "warning",
    rule: "NoEmptyContinuation",
    message: "An instruction goes on behind an empty line",
    range: lineRange(lines, empty),
    source,
    reason: "BuildKit says that this will become an error",
    fix: "remove the empty line, or put a comment there",
  }));
  if (line.unterminated !== undefined) {
    const { name } = line.unterminated;
    diagnostics.push({
      severity: "error",
      rule: "UnterminatedHeredoc",
      message: `The heredoc "${name}" has no end`,
      range: { start: range.start, end: lineRange(lines, range.start.line).end },
      source,
      fix: `put a line with nothing but ${name} behind its text`,
    });
  }
  return diagnostics;
}
