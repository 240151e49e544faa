import type { LogPiece } from "./log-file.ts";

interface Line {
  readonly stream: LogPiece["stream"];
  readonly time: bigint;
  readonly parts: Buffer[];
}

const NEWLINE = 10;

/** The last lines of a log, whatever stream they are of; an unfinished one counts. */
export class LogTail {
  readonly #most: number;
  #lines: Line[] = [];
  readonly #open = new Map<LogPiece["stream"], Line>();

  constructor(most: number) {
    this.#most = most;
  }

  add({ stream, time, data }: LogPiece): void {
    for (let at = 0; at < data.length;) {
      const newline = data.indexOf(NEWLINE, at);
      const end = newline < 0 ? data.length : newline + 1;
      const part = data.subarray(at, end);
      const line = this.#open.get(stream);
      if (line === undefined) this.#begin({ stream, time, parts: [part] });
      else line.parts.push(part);
      if (newline >= 0) this.#open.delete(stream);
      at = end;
    }
  }

  *pieces(): Generator<LogPiece> {
    for (const { stream, time, parts } of this.#last()) yield { stream, time, data: Buffer.concat(parts) };
  }

  #begin(line: Line): void {
    this.#open.set(line.stream, line);
    this.#lines.push(line);
    // Now and then: taking the first of a long list away is slow.
    if (this.#lines.length > 2 * this.#most + 100) this.#lines = this.#last();
  }

  #last(): Line[] {
    return this.#most === 0 ? [] : this.#lines.slice(-this.#most);
  }
}
