import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, statSync } from "node:fs";
import { errnoOf, TsbuildError } from "../core/errors.ts";

/** One piece of output. */
export interface LogPiece {
  readonly stream: "stdout" | "stderr";
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly data: Buffer;
}

/** u64 time, u32 size, u8 stream, three zeros (native/container/journal.h). */
const HEADER = 16;
/** The helper writes at most 64 KiB at once: more is no log of its own. */
const MOST = 1 << 20;
const CHUNK = 256 * 1024;

/** Reads a container's log: the old part, then the one that is written to, also when the one becomes the other. */
export class LogFile implements Disposable {
  readonly #path: string;
  #file: number | undefined;
  #older: number | undefined;
  #held: Buffer = Buffer.alloc(0);

  constructor(directory: string) {
    this.#path = `${directory}/log`;
    // In this order: what becomes old in between is then read as the one that is open already.
    this.#file = openLog(this.#path);
    this.#older = openLog(`${this.#path}.1`);
    if (this.#older !== undefined && this.#file !== undefined && isSame(this.#older, fstatSync(this.#file))) {
      closeSync(this.#older);
      this.#older = undefined;
    }
  }

  /** What is there and was not read yet. */
  *pieces(): Generator<LogPiece> {
    if (this.#older !== undefined) {
      yield* this.#rest(this.#older);
      closeSync(this.#older);
      this.#older = undefined;
    }
    this.#file ??= openLog(this.#path);
    while (this.#file !== undefined) {
      // Looked at before the end is read: nothing comes to a part any more when the next one is there.
      const now = statSync(this.#path, { throwIfNoEntry: false });
      const over = now !== undefined && !isSame(this.#file, now);
      yield* this.#rest(this.#file);
      if (!over) return;
      closeSync(this.#file);
      this.#file = openLog(this.#path);
    }
  }

  [Symbol.dispose](): void {
    for (const file of [this.#file, this.#older]) if (file !== undefined) closeSync(file);
  }

  *#rest(file: number): Generator<LogPiece> {
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const got = readSync(file, chunk, 0, CHUNK, null);
      if (got === 0) return;
      let held = Buffer.concat([this.#held, chunk.subarray(0, got)]);
      for (let piece = take(held); piece !== undefined; piece = take(held)) {
        held = held.subarray(HEADER + piece.data.length);
        yield piece;
      }
      this.#held = held;
    }
  }
}

/** The piece at the beginning; undefined where not all of it is there yet. */
function take(held: Buffer): LogPiece | undefined {
  if (held.length < HEADER) return undefined;
  if (!isSound(held)) throw new TsbuildError("STORE_INVALID", "Cannot read the log: it is damaged");
  const size = held.readUInt32LE(8);
  if (held.length < HEADER + size) return undefined;
  return {
    stream: held[12] === 1 ? "stdout" : "stderr",
    time: held.readBigUInt64LE(0),
    data: held.subarray(HEADER, HEADER + size),
  };
}

/** Cuts off what a supervisor that was killed wrote half, before more comes after it. */
export function mendLog(directory: string): void {
  let file: number;
  try {
    file = openSync(`${directory}/log`, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const header = Buffer.alloc(HEADER);
    let end = 0;
    while (readSync(file, header, 0, HEADER, end) === HEADER) {
      const next = isSound(header) ? end + HEADER + header.readUInt32LE(8) : Infinity;
      if (next > size) break;
      end = next;
    }
    if (end < size) ftruncateSync(file, end);
  } finally {
    closeSync(file);
  }
}

function isSound(header: Buffer): boolean {
  return header.readUInt32LE(8) <= MOST && (header[12] === 1 || header[12] === 2);
}

function isSame(file: number, other: { readonly dev: number; readonly ino: number }): boolean {
  const { dev, ino } = fstatSync(file);
  return dev === other.dev && ino === other.ino;
}

function openLog(path: string): number | undefined {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
