import { redact } from "./redact.ts";

/** A place in a text: zero-based line and zero-based column in UTF-16 units, as in the Language Server Protocol. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** From `start` up to, not including, `end`. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export type Severity = "error" | "warning";

/** What is wrong at one place of a Dockerfile, why, and what to write instead. */
export interface Diagnostic {
  readonly severity: Severity;
  /** A stable name: of a lint rule (`StageNameCasing`) or of a parse error (`UnknownInstruction`). */
  readonly rule: string;
  /** One sentence, no full stop. */
  readonly message: string;
  readonly range: Range;
  /** The text that `range` points into, and the name to print for it. */
  readonly source: SourceText;
  /** Why it is so: one sentence. */
  readonly reason?: string;
  /** What to write instead: one sentence. */
  readonly fix?: string;
}

/** A Dockerfile as it was read. */
export interface SourceText {
  /** The name to print: `Dockerfile`, `-`. */
  readonly name: string;
  readonly text: string;
}

const CONTEXT_LINES = 2;

/**
 * The lines around a range, numbered, with `>>>` before those that it covers, as BuildKit's source printer draws them
 * (util/…/errdefs/source.go), and carets under a range of a single line.
 */
export function codeFrame(source: SourceText, range: Range): string {
  const lines = source.text.replace(/\n$/, "").split("\n");
  const last = Math.min(
    range.end.column === 0 ? Math.max(range.end.line - 1, range.start.line) : range.end.line,
    lines.length - 1,
  );
  const from = Math.max(0, range.start.line - CONTEXT_LINES);
  const to = Math.min(lines.length - 1, last + CONTEXT_LINES);
  const width = String(to + 1).length;
  const out = [`${source.name}:${range.start.line + 1}`, "-".repeat(20)];
  for (let line = from; line <= to; line++) {
    const covered = line >= range.start.line && line <= last;
    // The Dockerfile itself may have credentials in a URL; a log of CI must not.
    const text = redact((lines[line] ?? "").replace(/\r$/, ""));
    const gutter = ` ${String(line + 1).padStart(width)} | ${covered ? ">>> " : "    "}`;
    out.push(clip(gutter + text));
    if (covered && range.start.line === last && range.end.column > range.start.column) {
      const lead = text.slice(0, range.start.column).replace(/[^\t]/g, " ");
      const carets = "^".repeat(Math.max(1, Math.min(range.end.column, text.length) - range.start.column));
      out.push(clip(`${" ".repeat(width + 2)}|     ${lead}${carets}`));
    }
  }
  out.push("-".repeat(20));
  return out.join("\n");
}

const MAX_FRAME_LINE = 400;

function clip(line: string): string {
  return line.length > MAX_FRAME_LINE ? `${line.slice(0, MAX_FRAME_LINE - 1)}…` : line;
}
