import { closeSync, openSync, rmSync } from "node:fs";
import { digestsIn } from "../core/file-spans.ts";
import type { Digest } from "../core/digest.ts";
import { secondThread, type SecondThread } from "../core/second-thread.ts";
import { explained, storeFailure } from "./failure.ts";
import type { Files } from "./files.ts";
import type { AsideBlobWriter } from "./types.ts";

/** Hashing less than this takes no longer than it takes the thread to start. */
const WORTH_A_THREAD = 24 << 20;
const SLOT = 1 << 20;
/** Slots that may be on their way: more would only take memory. */
const SLOTS = 4;

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
  readonly #hashes: Promise<Uint8Array | undefined>[] = [];
  #slot: Buffer | undefined;
  #filled = 0;
  #size = 0;
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

  memory(): Buffer {
    this.#send();
    return this.#room();
  }

  copy(from: number, offset: number, size: number): void {
    this.#send();
    this.#size += size;
    this.#track(
      this.#thread.ask("copy-hashed", { blob: this.#blob, fd: this.#fd, from, offset, size }),
      undefined,
    );
  }

  async drain(): Promise<void> {
    while (this.#writing.size >= SLOTS && this.#failure === undefined) await Promise.race(this.#writing);
    if (this.#failure !== undefined) throw storeFailure(this.#failure, "write", this.#temp);
  }

  async fileDigests(): Promise<readonly Digest[]> {
    this.#send();
    await this.#settled();
    await this.drain();
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
    this.#state = "done";
    closeSync(this.#fd);
    if (!this.#stays) rmSync(this.#temp, { force: true });
  }

  async #settled(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
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
    this.#slot ??= this.#free.pop() ?? Buffer.from(new SharedArrayBuffer(SLOT));
    return this.#slot;
  }

  #send(files?: Int32Array): void {
    const slot = this.#slot;
    if (slot === undefined || this.#filled === 0) return;
    const data = slot.subarray(0, this.#filled);
    this.#slot = undefined;
    this.#filled = 0;
    const job = { blob: this.#blob, fd: this.#fd, data, ...(files && { files }) };
    const hashes = this.#thread.ask("write-hashed", job);
    if (files !== undefined) this.#hashes.push(hashes);
    this.#track(hashes, slot);
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
