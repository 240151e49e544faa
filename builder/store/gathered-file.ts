import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { explained } from "./failure.ts";
import type { Files } from "./files.ts";

/** Small pieces are gathered: a write(2) of 512 bytes costs as much as one of 64 KiB. */
const BUFFER = 1 << 20;

/** A file in the making, in the session's directory until it is moved in place; disposing before that discards it. */
export class GatheredFile implements Disposable {
  readonly path: string;
  readonly #files: Files;
  readonly #fd: number;
  readonly #onWritten: ((size: number) => void) | undefined;
  #pending: Buffer | undefined;
  #filled = 0;
  #size = 0;
  #done = false;

  /** `onWritten` hears how much can be read in the file. */
  constructor(files: Files, onWritten?: (size: number) => void) {
    this.#files = files;
    this.#onWritten = onWritten;
    this.path = files.tempPath("blob");
    this.#fd = explained("write", this.path, () => openSync(this.path, "wx", 0o644));
  }

  get size(): number {
    return this.#size;
  }

  write(chunk: Uint8Array): void {
    this.#size += chunk.length;
    if (this.#filled + chunk.length > BUFFER) this.flush();
    if (chunk.length >= BUFFER / 4) {
      this.flush();
      this.#writeAll(chunk);
      return;
    }
    this.#pending ??= Buffer.allocUnsafeSlow(BUFFER);
    this.#pending.set(chunk, this.#filled);
    this.#filled += chunk.length;
  }

  /** Everything so far is in the file. */
  flush(): void {
    const filled = this.#filled;
    this.#filled = 0;
    if (this.#pending !== undefined && filled > 0) this.#writeAll(this.#pending.subarray(0, filled));
  }

  /** Ends it where its place is, or discards it where that fails. */
  moveTo(place: string): void {
    try {
      this.flush();
      this.#files.moveInPlace(this.path, place, this.#size);
    } finally {
      this[Symbol.dispose]();
    }
  }

  [Symbol.dispose](): void {
    if (this.#done) return;
    this.#done = true;
    closeSync(this.#fd);
    rmSync(this.path, { force: true });
  }

  #writeAll(data: Uint8Array): void {
    explained("write", this.path, () => {
      for (let done = 0; done < data.length;) done += writeSync(this.#fd, data, done);
    });
    this.#onWritten?.(this.#size - this.#filled);
  }
}
