import type { Bytes } from "../../builder/core/bytes.ts";
import type { Entry } from "../../builder/core/entry.ts";
import type { ErrorCode } from "../../builder/core/errors.ts";
import type { ApplyStream } from "../types.ts";
import { expectAnswer } from "./answer.ts";
import { putEntry } from "./encode.ts";
import type { Lane } from "./lane.ts";
import { FRAME } from "./protocol.ts";
import { FrameWriter } from "./writer.ts";

const BATCH = 256 * 1024;
const PIECE = 1024 * 1024;

/** Writes a layer's changes over a lane that is still to be had: what comes before it waits in the buffer. */
export class Applier implements ApplyStream {
  readonly #writer = new FrameWriter(BATCH + 64 * 1024);
  /** Memory of batches that were sent. */
  readonly #free: Buffer[] = [];
  readonly #lane: Promise<Lane>;
  readonly #done: Promise<void>;
  #open: Lane | undefined;
  #waiting: Buffer[] = [];
  #ended = false;
  #settled = false;

  /** `command` opens the exchange; what the helper says against it is an error with `code`. */
  constructor(command: Buffer, code: ErrorCode, lane: Promise<Lane>, signal: AbortSignal | undefined) {
    this.#lane = lane;
    this.#done = this.#exchange(command, code, signal);
    // `end` or `drain` tells; a stream that is given up must not end the process.
    this.#done.catch(() => {
      this.#settled = true;
    });
  }

  entry(entry: Entry): void {
    putEntry(this.#writer, entry);
    this.#flushBatch();
  }

  data(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at += PIECE) {
      this.#writer
        .begin(FRAME.DATA)
        .raw(chunk.subarray(at, at + PIECE))
        .end();
      this.#flushBatch();
    }
  }

  range(path: string, offset: number, size: number): void {
    this.#writer.begin(FRAME.RANGE).text(path).u64(offset).u64(size).end();
    this.#flushBatch();
  }

  whiteout(path: Bytes): void {
    this.#writer.begin(FRAME.WHITEOUT).name(path).end();
    this.#flushBatch();
  }

  opaque(path: Bytes): void {
    this.#writer.begin(FRAME.OPAQUE).name(path).end();
    this.#flushBatch();
  }

  async drain(): Promise<void> {
    if (this.#open === undefined) await Promise.race([this.#lane, this.#done]);
    await this.#open?.drain();
    if (this.#settled) await this.#done;
  }

  async end(): Promise<void> {
    this.#ended = true;
    this.#writer.begin(FRAME.END).end();
    this.#flush();
    await this.#done;
  }

  async abort(): Promise<void> {
    if (!this.#ended) this.#writer.begin(FRAME.CANCEL).end();
    this.#ended = true;
    this.#flush();
    await this.#done.catch(() => {});
  }

  async #exchange(command: Buffer, code: ErrorCode, signal: AbortSignal | undefined): Promise<void> {
    const lane = await this.#lane;
    const answer = lane.exchange(command, () => {}, signal);
    this.#open = lane;
    for (const frames of this.#waiting) lane.send(frames);
    this.#waiting = [];
    expectAnswer(await answer, code);
  }

  #flushBatch(): void {
    if (this.#writer.length >= BATCH) this.#flush();
  }

  #flush(): void {
    const { memory } = this.#writer;
    const frames = this.#writer.take(this.#free.pop());
    if (this.#open === undefined) this.#waiting.push(frames);
    else this.#open.send(frames, () => void this.#free.push(memory));
  }
}
