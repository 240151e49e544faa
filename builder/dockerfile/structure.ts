import type { Diagnostic, SourceText } from "../core/diagnostic.ts";
import { endOfText } from "./source.ts";
import type { Instruction } from "./types.ts";

/** Beyond this nothing is a Dockerfile any more. */
const MAX_LENGTH = 16 * 1024 * 1024;

/** Whether the file is text at all, and of a size that makes sense. */
export function checkText(source: SourceText): Diagnostic | undefined {
  const { text } = source;
  const place = { severity: "error", source } as const;
  if (text.length > MAX_LENGTH) {
    const start = { line: 0, column: 0 };
    const message = `The file is longer than ${MAX_LENGTH} characters`;
    return {
      ...place,
      rule: "FileTooLong",
      message,
      range: { start, end: start },
      fix: "check that this is a Dockerfile",
    };
  }
  const nul = text.indexOf("\0");
  if (nul < 0) return undefined;
  return {
    ...place,
    rule: "NotText",
    message: "The file is not UTF-8 text: it has a NUL character",
    range: endOfText({ ...source, text: text.slice(0, nul) }),
    fix: "save it as UTF-8; Windows PowerShell writes UTF-16",
  };
}

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
  // A line that could not be read may be the FROM that is missing.
  if (from < 0 && instructions.length < lines) return [];
  const before = from < 0 ? instructions : instructions.slice(0, from);
  const stray = before.find(({ kind }) => kind !== "arg");
  if (stray !== undefined) {
    const message = `${stray.kind.toUpperCase()} stands before the first FROM`;
    const reason = "only ARG may stand there";
    return [{ ...place, rule: "NoBuildStage", message, range: stray.range, reason, fix: begin }];
  }
  if (from >= 0) return [];
  const message = "The file has no FROM";
  return [{ ...place, rule: "NoBuildStage", message, range: endOfText(source), fix: begin }];
}
