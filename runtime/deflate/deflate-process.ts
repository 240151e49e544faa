import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { closeSync, openSync, readlinkSync, readSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { errnoOf, TsbuildError } from "../../builder/core/errors.ts";
import { helperBinary } from "../helper/binary.ts";
import { startError } from "../helper/process.ts";

const REQUEST = 20;
const ANSWER = 8;
const STDERR_KEPT = 4096;
/** Where in the helper's memory results lie, and how it names that memory. */
const SLOTS = 4;
const SLOT_SIZE = 32 << 20;
const MEMORY_FD = 4;

interface Waiting {
  readonly slot: number;
  readonly resolve: (part: CompressedPart) => void;
  readonly reject: (error: Error) => void;
}

/** A part of a file, and how many bytes before it whoever reads the result has. */
export interface Part {
  readonly offset: number;
  readonly known: number;
  readonly size: number;
}

/** What came of it, in the process's memory until it is read. */
export interface CompressedPart {
  /** CRC-32 of the part as it was. */
  readonly checksum: number;
  readonly size: number;
  readonly slot: number;
}

/** A process of the native helper that compresses parts of one file, one after the other (native/deflate/deflate_file.h). */
export class DeflateProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting: Waiting[] = [];
  readonly #free = Array.from({ length: SLOTS }, (_, slot) => slot);
  #answers = Buffer.alloc(0);
  /** The memory's: that it is there shows that /proc is of this process's own processes. */
  readonly #name = `tsbuild-${randomUUID()}`;
  #memory: number | undefined;
  #stderr = "";
  #failure: Error | undefined;

  constructor(fd: number, aside = false) {
    const binary = helperBinary();
    const child = spawn(binary, ["deflate", this.#name], {
      stdio: ["pipe", "pipe", "pipe", fd],
      env: {},
      cwd: "/",
    });
    this.#child = child;
    if (aside && child.pid !== undefined) yieldToOthers(child.pid);
    this.#exited = once(child, "close").catch(() => {});
    child.on("error", (error) => this.#fail(startError(binary, error)));
    child.on("close", (code, signal) => this.#fail(this.#deathError(signal ?? `status ${code}`)));
    child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString()).slice(-STDERR_KEPT);
    });
    // That it is gone is told by `close`.
    child.stdin?.on("error", () => {});
    child.stdout?.on("data", (chunk: Buffer) => this.#take(chunk));
  }

  /** Compresses a part to deflate blocks, none of them the last one, that end at a byte. At most four wait to be read. */
  compress({ offset, known, size }: Part): Promise<CompressedPart> {
    return new Promise((resolve, reject) => {
      const slot = this.#free.pop();
      if (slot === undefined) throw new RangeError("four parts wait to be read");
      if (this.#failure !== undefined) return reject(this.#failure);
      const request = Buffer.alloc(REQUEST);
      request.writeBigUInt64LE(BigInt(offset), 0);
      request.writeUInt32LE(known, 8);
      request.writeUInt32LE(size, 12);
      request.writeUInt32LE(slot, 16);
      this.#waiting.push({ slot, resolve, reject });
      this.#child.stdin?.write(request);
    });
  }

  /** The bytes of a compressed part, once: in `into` where that is large enough. */
  read({ slot, size }: CompressedPart, into: Buffer): Buffer {
    const bytes = into.length >= size ? into.subarray(0, size) : Buffer.allocUnsafeSlow(size);
    this.#memory ??= this.#openMemory();
    for (let done = 0; done < size;) {
      const got = readSync(this.#memory, bytes, done, size - done, slot * SLOT_SIZE + done);
      if (got === 0) throw this.#deathError("its memory is shorter than it was");
      done += got;
    }
    this.#free.push(slot);
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that is in the middle of a part need not end it.
    if (this.#waiting.length > 0) this.#child.kill("SIGKILL");
    this.#child.stdin?.end();
    await this.#exited;
    if (this.#memory !== undefined) closeSync(this.#memory);
    this.#memory = undefined;
  }

  #openMemory(): number {
    const path = `/proc/${this.#child.pid}/fd/${MEMORY_FD}`;
    try {
      if (readlinkSync(path).startsWith(`/memfd:${this.#name} `)) return openSync(path, "r");
      throw new Error(`${path} is something else`);
    } catch (cause) {
      if (this.#failure !== undefined) throw this.#failure;
      throw new TsbuildError(
        "HELPER_FAILED",
        "Cannot read what the helper compressed: /proc does not show it",
        {
          cause,
        },
      );
    }
  }

  #take(chunk: Buffer): void {
    this.#answers = Buffer.concat([this.#answers, chunk]);
    for (; this.#answers.length >= ANSWER; this.#answers = this.#answers.subarray(ANSWER)) {
      const waiting = this.#waiting.shift();
      const [size, checksum] = [this.#answers.readUInt32LE(0), this.#answers.readUInt32LE(4)];
      waiting?.resolve({ slot: waiting.slot, size, checksum });
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  #deathError(how: string): TsbuildError {
    const said = this.#stderr.trim();
    return new TsbuildError("HELPER_FAILED", said === "" ? `Cannot compress a layer: ${how}` : said);
  }
}

/** Only a wish: a process that died at once is told of elsewhere. */
function yieldToOthers(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
