import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { constants, setPriority } from "node:os";
import { errnoOf, TsbuildError } from "../../builder/core/errors.ts";
import { helperBinary } from "../helper/binary.ts";
import { startError } from "../helper/process.ts";

const REQUEST = 16;
const PREFIX = 4;
const STDERR_KEPT = 4096;

interface Waiting {
  readonly resolve: (pieces: readonly Buffer[]) => void;
  readonly reject: (error: Error) => void;
}

/** A part of a file, and how many bytes before it whoever reads the result has. */
export interface Part {
  readonly offset: number;
  readonly known: number;
  readonly size: number;
}

/** A process of the native helper that compresses parts of one file, one after the other (native/deflate/deflate_file.h). */
export class DeflateProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting: Waiting[] = [];
  /** What came of the answer that is on its way, and how much of it is still to come; at first, of its length. */
  #pieces: Buffer[] = [];
  #missing = 0;
  #prefix = Buffer.alloc(0);
  #stderr = "";
  #failure: Error | undefined;

  constructor(fd: number, aside = false) {
    const binary = helperBinary();
    const child = spawn(binary, ["deflate"], { stdio: ["pipe", "pipe", "pipe", fd], env: {}, cwd: "/" });
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

  /** Deflate blocks of a part, none of them the last one, that end at a byte; in the pieces in which they came. */
  compress({ offset, known, size }: Part): Promise<readonly Buffer[]> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const request = Buffer.alloc(REQUEST);
      request.writeBigUInt64LE(BigInt(offset), 0);
      request.writeUInt32LE(known, 8);
      request.writeUInt32LE(size, 12);
      this.#waiting.push({ resolve, reject });
      this.#child.stdin?.write(request);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // One that is in the middle of a part need not end it.
    if (this.#waiting.length > 0) this.#child.kill("SIGKILL");
    this.#child.stdin?.end();
    await this.#exited;
  }

  #take(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0;) {
      if (this.#missing === 0) {
        const length = PREFIX - this.#prefix.length;
        this.#prefix = Buffer.concat([this.#prefix, rest.subarray(0, length)]);
        rest = rest.subarray(length);
        if (this.#prefix.length < PREFIX) return;
        this.#missing = this.#prefix.readUInt32LE(0);
        this.#prefix = Buffer.alloc(0);
      }
      const piece = rest.subarray(0, this.#missing);
      this.#pieces.push(piece);
      this.#missing -= piece.length;
      rest = rest.subarray(piece.length);
      if (this.#missing === 0) this.#waiting.shift()?.resolve(this.#pieces.splice(0));
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
