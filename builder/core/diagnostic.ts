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

/** The same range as plain data: one of an instruction finds its start when it is asked (dockerfile/instruction-range.ts). */
export function plainRange({ start, end }: Range): Range {
  return { start, end };
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
 * (util/…/errdefs/source.go), and carets under a range of a single line. What is too long for the columns is cut; of a
 * line with carets that part is shown that they are under.
 */
export function codeFrame(source: SourceText, range: Range, columns: number = MAX_FRAME_LINE): string {
  const room = Math.max(MIN_FRAME_LINE, Math.min(columns, MAX_FRAME_LINE));
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
    if (covered && range.start.line === last && range.end.column > range.start.column) {
      const { start, end } = range;
      const before = start.column > (room - gutter.length) * 0.75 ? start.column - Math.floor(room / 4) : 0;
      const shown = before === 0 ? text : `…${text.slice(before)}`;
      const skipped = text.length - shown.length;
      const lead = shown.slice(0, start.column - skipped).replace(/[^\t]/g, " ");
      const carets = "^".repeat(Math.max(1, Math.min(end.column, text.length) - start.column));
      out.push(clip(gutter + shown, room), clip(`${" ".repeat(width + 2)}|     ${lead}${carets}`, room));
    } else out.push(clip(gutter + text, room));
  }
  out.push("-".repeat(20));
  return out.join("\n");
}

const MIN_FRAME_LINE = 40;
const MAX_FRAME_LINE = 400;

function clip(line: string, room: number): string {
  return line.length > room ? `${line.slice(0, room - 1)}…` : line;
}
