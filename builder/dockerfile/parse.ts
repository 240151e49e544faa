import type { Diagnostic, Range, SourceText } from "../core/diagnostic.ts";
import { readAst } from "./ast.ts";
import { readDirectives } from "./directives.ts";
import { parseInstruction, type Statement } from "./instructions/parse-instruction.ts";
import { joinLines, type LogicalLine } from "./logical-lines.ts";
import { maskText } from "./mask.ts";
import { endOfText, lineRange, splitLines, type PhysicalLine } from "./source.ts";
import { checkStructure } from "./structure.ts";
import type { Dockerfile, Instruction } from "./types.ts";

/** Beyond this nothing is a Dockerfile any more; BuildKit's own limit is 2 MiB for one that comes over the network. */
const MAX_LENGTH = 16 * 1024 * 1024;
const MAX_INSTRUCTIONS = 100_000;

/** Reads a Dockerfile. Never throws for what stands in it: all that is wrong is in `diagnostics`, all of it at once. */
export function parseDockerfile(source: SourceText): Dockerfile {
  const tooLong = checkLength(source);
  if (tooLong !== undefined) {
    return { source, directives: { escape: "\\" }, instructions: [], diagnostics: [tooLong] };
  }
  const lines = splitLines(source.text);
  const zone = readDirectives(source, lines);
  const { escape } = zone.directives;
  const logical = joinLines(lines, escape, zone.lines, source.text);
  const { instructions, diagnostics } = parseLines(source, lines, logical, escape, source.text);
  return {
    source,
    directives: zone.directives,
    instructions,
    diagnostics: inOrder([
      ...zone.diagnostics,
      ...diagnostics,
      ...checkStructure(source, instructions, logical.length),
    ]),
  };
}

/** Reads an ONBUILD trigger of an image's config. `source` is what diagnostics name; positions are those in `text`. */
export function parseTrigger(
  text: string,
  source: SourceText,
  escape: "\\" | "`",
): { readonly instruction?: Instruction; readonly diagnostics: readonly Diagnostic[] } {
  const lines = splitLines(text);
  const logical = joinLines(lines, escape, 0, text);
  const { instructions, diagnostics } = parseLines(source, lines, logical, escape, text);
  const [instruction] = instructions;
  if (logical.length !== 1 || instruction?.kind === "onbuild" || instruction?.kind === "from") {
    const range = { start: { line: 0, column: 0 }, end: { line: 0, column: lines[0]?.content.length ?? 0 } };
    const message = "An ONBUILD trigger must be one instruction, and neither FROM nor ONBUILD";
    return {
      diagnostics: [
        ...diagnostics,
        {
          severity: "error",
          rule: "InvalidOnbuild",
          message,
          range,
          source,
          reason: `the image says: ${text}`,
        },
      ],
    };
  }
  return { ...(instruction === undefined ? {} : { instruction }), diagnostics };
}

function parseLines(
  source: SourceText,
  lines: readonly PhysicalLine[],
  logical: readonly LogicalLine[],
  escape: "\\" | "`",
  text: string,
): { readonly instructions: readonly Instruction[]; readonly diagnostics: readonly Diagnostic[] } {
  if (logical.length > MAX_INSTRUCTIONS) {
    const range = lineRange(lines, logical[MAX_INSTRUCTIONS]?.firstLine ?? 0);
    const message = `The file has more than ${MAX_INSTRUCTIONS} instructions`;
    return {
      instructions: [],
      diagnostics: [{ severity: "error", rule: "TooManyInstructions", message, range, source }],
    };
  }
  const starts = new Map<number, Range>();
  for (const { range } of readAst(maskText(text, lines, logical))) starts.set(range.start.line, range);
  const instructions: Instruction[] = [];
  const diagnostics: Diagnostic[] = [];
  for (const line of logical) {
    const range = rangeOf(line, lines, starts);
    const statement: Statement = { line, range, source, escape };
    const instruction = parseInstruction(statement, diagnostics);
    if (instruction !== undefined) instructions.push(instruction);
    diagnostics.push(...checkLine(statement, lines));
  }
  return { instructions, diagnostics };
}

function rangeOf(
  line: LogicalLine,
  lines: readonly PhysicalLine[],
  starts: ReadonlyMap<number, Range>,
): Range {
  const { line: first, column } = line.pieces[0] ?? { line: line.firstLine, column: 0 };
  const start = line.pieces
    .map((piece) => starts.get(piece.line))
    .find((range) => range !== undefined)?.start;
  return { start: start ?? { line: first, column }, end: lineRange(lines, line.lastLine).end };
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
      range: { start: range.start, end: lineRange(lines, line.firstLine).end },
      source,
      fix: `put a line with nothing but ${name} behind its text`,
    });
  }
  return diagnostics;
}

function checkLength(source: SourceText): Diagnostic | undefined {
  if (source.text.length <= MAX_LENGTH) return undefined;
  return {
    severity: "error",
    rule: "FileTooLong",
    message: `The file is longer than ${MAX_LENGTH} characters`,
    range: endOfText({ ...source, text: "" }),
    source,
    fix: "check that this is a Dockerfile",
  };
}

function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  return [...diagnostics].sort(
    (a, b) => a.range.start.line - b.range.start.line || a.range.start.column - b.range.start.column,
  );
}
