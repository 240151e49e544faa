import type { Diagnostic, SourceText } from "../core/diagnostic.ts";
import { endOfText } from "./source.ts";
import type { Instruction } from "./types.ts";

/** What can only be said of a whole file: it has a FROM, and nothing but ARG stands before it. */
export function checkStructure(
  source: SourceText,
  instructions: readonly Instruction[],
  lines: number,
): readonly Diagnostic[] {
  const place = { severity: "error", source } as const;
  const begin = "begin with FROM";
  if (lines === 0) {
    const message = "The file has no instructions";
    return [{ ...place, rule: "EmptyFile", message, range: endOfText(source), fix: begin }];
  }
  const from = instructions.findIndex(({ kind }) => kind === "from");
  const before = from < 0 ? instructions : instructions.slice(0, from);
  const stray = before.filter(({ kind }) => kind !== "arg");
  const diagnostics = stray.map(({ kind, range }) => ({
    ...place,
    rule: "NoBuildStage",
    message: `${kind.toUpperCase()} stands before the first FROM`,
    range,
    reason: "only ARG may stand there",
    fix: begin,
  }));
  if (from >= 0 || stray.length > 0 || instructions.length < lines) return diagnostics;
  const message = "The file has no FROM";
  return [{ ...place, rule: "NoBuildStage", message, range: endOfText(source), fix: begin }];
}
