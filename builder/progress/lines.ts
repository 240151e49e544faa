const NEWLINE = 0x0a;
const RETURN = 0x0d;
/** A line without an end is broken here: memory stays bounded whatever a command writes. */
const MAX_LINE = 64 * 1024;

/** Whole lines of a stream, and the bytes after the last of them. */
export interface SplitLines {
  readonly lines: readonly string[];
  readonly rest: Buffer;
}

/** What is left before the first byte of a stream. */
export const NO_REST: Buffer = Buffer.alloc(0);

/**
 * Cuts what a command wrote into lines. It works on bytes, because a chunk may end inside of a UTF-8 character; newline
 * and return are never part of one. `last` keeps only that many lines, where nobody will look at more.
 */
export function splitLines(rest: Buffer, data: Uint8Array, last = Infinity): SplitLines {
  const chunk = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const end = chunk.lastIndexOf(NEWLINE);
  if (end < 0) {
    const joined = rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    if (joined.length <= MAX_LINE) return { lines: [], rest: joined };
    return { lines: [lineOf(joined)], rest: NO_REST };
  }
  const lines: string[] = [];
  let from = last === Infinity ? 0 : startOfLast(chunk, end, last);
  if (from === 0 && rest.length > 0) {
    const first = chunk.indexOf(NEWLINE);
    lines.push(lineOf(Buffer.concat([rest, chunk.subarray(0, first)])));
    from = first + 1;
  }
  while (from <= end) {
    const to = chunk.indexOf(NEWLINE, from);
    lines.push(lineOf(chunk.subarray(from, to)));
    from = to + 1;
  }
  return { lines, rest: Buffer.from(chunk.subarray(end + 1)) };
}

/** The text of a line's bytes: what stands after the last return is what a terminal would show. */
export function lineOf(bytes: Buffer): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === RETURN) end--;
  const start = bytes.subarray(0, end).lastIndexOf(RETURN) + 1;
  return bytes.toString("utf8", start, end);
}

function startOfLast(chunk: Buffer, end: number, count: number): number {
  let at = end;
  for (let seen = 0; seen < count; seen++) {
    if (at === 0) return 0;
    at = chunk.lastIndexOf(NEWLINE, at - 1);
    if (at < 0) return 0;
  }
  return at + 1;
}
