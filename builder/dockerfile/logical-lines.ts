import { parseExecForm } from "./exec-form.ts";
import { splitCommand } from "./flags.ts";
import { chompTabs, endsHeredoc, findHeredocs, type HeredocStart } from "./heredoc.ts";
import { lineRange, type PhysicalLine } from "./source.ts";
import { leadingSpaces } from "./spaces.ts";
import type { Piece } from "./span.ts";
import type { Heredoc } from "./types.ts";

/** One instruction's text: its physical lines put together. */
export interface LogicalLine {
  /** What BuildKit calls Original. */
  readonly text: string;
  readonly pieces: readonly Piece[];
  /** Physical lines, heredocs included. */
  readonly firstLine: number;
  readonly lastLine: number;
  readonly comments: readonly string[];
  readonly heredocs: readonly Heredoc[];
  /** The heredoc that the end of the file cut off. */
  readonly unterminated?: HeredocStart;
  /** Blank lines between its lines. */
  readonly emptyLines: readonly number[];
}

/** Puts physical lines together as BuildKit's parser.go does, from line `from` on. */
export function joinLines(
  lines: readonly PhysicalLine[],
  escape: "\\" | "`",
  from: number,
  text: string,
): readonly LogicalLine[] {
  const found: LogicalLine[] = [];
  let comments: string[] = [];
  for (let at = from; at < lines.length; at++) {
    const content = lines[at]?.content ?? "";
    const lead = leadingSpaces(content);
    if (lead === content.length) continue;
    if (content.charAt(lead) === "#") {
      const comment = content.slice(lead + 1).trim();
      if (comment === "") comments = [];
      else comments.push(comment);
      continue;
    }
    const joined = joinFrom(lines, escape, at, lead);
    const heredocs = readHeredocs(joined.text, lines, joined.next, text);
    const lastLine = (heredocs?.next ?? joined.next) - 1;
    found.push({
      text: joined.text,
      pieces: joined.pieces,
      firstLine: at,
      lastLine,
      comments: comments.length === 0 ? NONE : comments,
      heredocs: heredocs?.heredocs ?? NONE,
      ...(heredocs?.unterminated === undefined ? {} : { unterminated: heredocs.unterminated }),
      emptyLines: joined.emptyLines,
    });
    if (comments.length > 0) comments = [];
    at = lastLine;
  }
  return found;
}

const NONE: readonly never[] = [];

interface Joined {
  readonly text: string;
  readonly pieces: readonly Piece[];
  readonly emptyLines: readonly number[];
  readonly next: number;
}

/** Only the first line loses its leading spaces; comments and blank lines between continued lines vanish. */
function joinFrom(lines: readonly PhysicalLine[], escape: string, first: number, lead: number): Joined {
  const alone = lines[first];
  if (alone !== undefined && continuationAt(alone.content, escape) < 0) {
    const text = lead === 0 ? alone.content : alone.content.slice(lead);
    const piece = { at: 0, length: text.length, line: first, column: alone.column + lead };
    return { text, pieces: [piece], emptyLines: NONE, next: first + 1 };
  }
  const texts: string[] = [];
  const pieces: Piece[] = [];
  const emptyLines: number[] = [];
  let length = 0;
  let next = first;
  for (let more = true; more && next < lines.length; next++) {
    const line = lines[next];
    if (line === undefined) break;
    const skipped = next === first ? lead : 0;
    const content = line.content.slice(skipped);
    if (next !== first) {
      const begin = leadingSpaces(content);
      if (begin === content.length) {
        emptyLines.push(next);
        continue;
      }
      if (content.charAt(begin) === "#") continue;
    }
    const end = continuationAt(content, escape);
    const text = end < 0 ? content : content.slice(0, end);
    const column = line.column + skipped;
    pieces.push({
      at: length,
      length: text.length,
      line: next,
      column,
      ...(end < 0 ? {} : { continuation: column + end }),
    });
    texts.push(text);
    length += text.length;
    more = end >= 0;
  }
  return { text: texts.join(""), pieces, emptyLines, next };
}

/** Where the line's continuation character stands, or -1. Spaces may follow it; doubled, it continues nothing. */
function continuationAt(content: string, escape: string): number {
  let last = content.length - 1;
  while (last >= 0 && (content.charAt(last) === " " || content.charAt(last) === "\t")) last--;
  return last >= 0 && content.charAt(last) === escape && content.charAt(last - 1) !== escape ? last : -1;
}

interface Bodies {
  readonly heredocs: readonly Heredoc[];
  readonly unterminated?: HeredocStart;
  readonly next: number;
}

function readHeredocs(
  line: string,
  lines: readonly PhysicalLine[],
  from: number,
  text: string,
): Bodies | undefined {
  if (!line.includes("<<") || !mayHaveHeredocs(line)) return undefined;
  const heredocs: Heredoc[] = [];
  let next = from;
  for (const start of findHeredocs(line)) {
    const first = next;
    while (next < lines.length && !endsHeredoc(lines[next]?.content ?? "", start)) next++;
    if (next === lines.length) return { heredocs, unterminated: start, next };
    const body = text.slice(lines[first]?.start, lines[next]?.start);
    heredocs.push({
      ...start,
      body: start.chomp ? chompTabs(body) : body,
      range: { start: { line: first, column: 0 }, end: lineRange(lines, next).end },
    });
    next++;
  }
  return { heredocs, next };
}

const HEREDOC_KEYWORD = /^(?:run|copy|add)$/i;

/** ADD, COPY, RUN, and ONBUILD of these; never in JSON form. */
function mayHaveHeredocs(line: string): boolean {
  let command = splitCommand({ text: line, at: 0 });
  if (/^onbuild$/i.test(command.keyword.text)) command = splitCommand(command.rest);
  return HEREDOC_KEYWORD.test(command.keyword.text) && parseExecForm(command.rest).form === "shell";
}
