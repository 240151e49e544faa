import { closeSync, fdatasync, openSync, rmSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { piecesOf, writeAt } from "../core/copy-range.ts";
import { areWhole, digestsIn, goesOn, SpanHasher } from "../core/file-spans.ts";
import type { Digest } from "../core/digest.ts";
import { secondThread, type SecondThread, type ThreadJobs } from "../core/second-thread.ts";
import { explained, storeFailure } from "./failure.ts";
import type { Files } from "./files.ts";
import type { AsideBlobWriter } from "./types.ts";

/** Hashing less than this takes no longer than it takes the thread to start. */
const WORTH_A_THREAD = 24 << 20;
const SLOT = 1 << 20;
/** Slots that may be on their way: more would only take memory. */
const SLOTS = 4;
/** The disk begins with so many bytes at a time while more are written: at the end of a build little is left to wait for. */
const FLUSHED = 48 << 20;
/** With so many not done this thread would soon wait: it takes digests of files itself. */
const BEHIND = 2;

/** Bytes of another file, and where they go. */
interface CopiedRange {
  readonly from: number;
  readonly offset: number;
  readonly size: number;
  readonly at: number;
}

const flush = promisify(fdatasync);

let count = 0;

/** A writer in the second thread, for a blob of about so many bytes; undefined where this thread does it as well. */
export async function openAside(
  files: Files,
  place: (digest: Digest) => string,
  size: number,
): Promise<AsideBlobWriter | undefined> {
  const thread = size < WORTH_A_THREAD ? undefined : await secondThread();
  return thread && new Writer(thread, files, place);
}

class Writer implements AsideBlobWriter {
  readonly #thread: SecondThread;
  readonly #files: Files;
  readonly #place: (digest: Digest) => string;
  readonly #temp: string;
  readonly #fd: number;
  readonly #blob = ++count;
  /** Memory that both threads see; each slot is with one of them. */
  readonly #free: Buffer[] = [];
  readonly #writing = new Set<Promise<void>>();
  readonly #hashes: (Uint8Array | Promise<Uint8Array | undefined>)[] = [];
  readonly #copies: CopiedRange[] = [];
  #flushing: Promise<void> | undefined;
  #flushedAt = 0;
  /** How many slots were sent, and how many of them the other thread is done with. */
  #asked = 0;
  readonly #done = new Int32Array(new SharedArrayBuffer(4));
  /** The file whose bytes were sent last goes on in the next slot. */
  #goesOn = false;
  #slot: Buffer | undefined;
  #filled = 0;
  #size = 0;
  /** Bytes that were given to the other thread, or are to be copied. */
  #sent = 0;
  /** Bytes at the beginning of the file that are written. */
  #written = 0;
  #failure: unknown;
  #state: "open" | "ended" | "done" = "open";
  /** Whoever asked for the file has it. */
  #stays = false;

  constructor(thread: SecondThread, files: Files, place: (digest: Digest) => string) {
    this.#thread = thread;
    this.#files = files;
    this.#place = place;
    this.#temp = files.tempPath("blob");
    this.#fd = explained("write", this.#temp, () => openSync(this.#temp, "wx", 0o644));
  }

  write(chunk: Uint8Array, files?: Int32Array): void {
    this.#size += chunk.length;
    if (chunk.buffer === this.#slot?.buffer) {
      this.#filled = chunk.length;
      this.#send(files);
    } else if (files !== undefined) {
      this.memory().set(chunk);
      this.#filled = chunk.length;
      this.#send(files);
    } else this.#gather(chunk);
  }

  get path(): string {
    return this.#temp;
  }

  written(): number {
    return this.#written;
  }

  memory(): Buffer {
    this.#send();
    return this.#room();
  }

  copy(from: number, offset: number, size: number): void {
    this.#send();
    this.#copies.push({ from, offset, size, at: this.#sent });
    this.#size += size;
    this.#sent += size;
    this.#track(this.#thread.ask("hash-range", { blob: this.#blob, from, offset, size }), undefined);
  }

  async drain(): Promise<void> {
    while (this.#writing.size >= SLOTS && this.#failure === undefined)
      await (this.#copyNext() ? setImmediate() : Promise.race(this.#writing));
    if (this.#failure !== undefined) throw storeFailure(this.#failure, "write", this.#temp);
  }

  async fileDigests(): Promise<readonly Digest[]> {
    this.#send();
    await this.#settled();
    await this.drain();
    this.#files.flushEarly(this.#temp);
    return (await Promise.all(this.#hashes)).flatMap((bytes) =>
      bytes === undefined ? [] : digestsIn(bytes),
    );
  }

  async commit(): Promise<{ readonly digest: Digest; readonly size: number }> {
    const digest = await this.#end();
    this.#files.moveInPlace(this.#temp, this.#place(digest), this.#size);
    return { digest, size: this.#size };
  }

  async finish(): Promise<{ readonly digest: Digest; readonly size: number; readonly path: string }> {
    const digest = await this.#end();
    this.#stays = true;
    return { digest, size: this.#size, path: this.#temp };
  }

  async #end(): Promise<Digest> {
    this.#send();
    while (this.#copyNext()) await setImmediate();
    await this.#settled();
    await this.drain();
    this.#state = "ended";
    return this.#thread.ask("end-hash", { blob: this.#blob });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "done") return;
    // The descriptor's number must not be used again while the other thread still writes to it.
    await this.#settled();
    if (this.#state === "open") await this.#thread.ask("end-hash", { blob: this.#blob }).catch(() => {});
    await this.#flushing;
    this.#state = "done";
    closeSync(this.#fd);
    if (!this.#stays) rmSync(this.#temp, { force: true });
  }

  async #settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  #flush(): void {
    if (this.#flushing !== undefined) return;
    this.#flushedAt = this.#sent;
    this.#flushing = flush(this.#fd)
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => (this.#flushing = undefined));
  }

  /** The other thread reads and hashes what is copied: to copy it is left to this one, which has little to do then. */
  #copyNext(): boolean {
    const next = this.#copies.shift();
    if (next === undefined) return false;
    const memory = this.#free.pop() ?? newSlot();
    explained("write", this.#temp, () => {
      let { at } = next;
      for (const piece of piecesOf(next.from, next.offset, next.size, memory)) {
        writeAt(this.#fd, piece, at);
        at += piece.length;
      }
    });
    this.#free.push(memory);
    return true;
  }

  #gather(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + SLOT - this.#filled);
      this.#room().set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === SLOT) this.#send();
    }
  }

  /** The slot that is being filled. */
  #room(): Buffer {
    this.#slot ??= this.#free.pop() ?? newSlot();
    return this.#slot;
  }

  #send(files?: Int32Array): void {
    const slot = this.#slot;
    if (slot === undefined || this.#filled === 0) return;
    const data = slot.subarray(0, this.#filled);
    this.#slot = undefined;
    this.#filled = 0;
    const job = { blob: this.#blob, fd: this.#fd, at: this.#sent, data, done: this.#done };
    this.#sent += data.length;
    if (this.#sent - this.#flushedAt >= FLUSHED) this.#flush();
    const waiting = this.#asked++ - Atomics.load(this.#done, 0);
    if (files === undefined) return this.#track(this.#write(job), slot);
    const here = waiting >= BEHIND && areWhole(files, this.#goesOn);
    this.#goesOn = goesOn(files);
    const answer = this.#thread.ask("write-hashed", here ? job : { ...job, files });
    this.#hashes.push(here ? new SpanHasher().take(data, files) : answer);
    this.#track(answer, slot);
  }

  async #write(job: ThreadJobs["write-hashed"][0]): Promise<void> {
    await this.#thread.ask("write-hashed", job);
    if (job.at === this.#written) this.#written += job.data.length;
  }

  #track(work: Promise<unknown>, slot: Buffer | undefined): void {
    const writing = work
      .then(
        () => void (slot && this.#free.push(slot)),
        (error: unknown) => void (this.#failure ??= error),
      )
      .then(() => void this.#writing.delete(writing));
    this.#writing.add(writing);
  }
}

function newSlot(): Buffer {
  return Buffer.from(new SharedArrayBuffer(SLOT));
}
