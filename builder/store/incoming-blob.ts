import type { Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Files } from "./files.ts";
import { GatheredFile } from "./gathered-file.ts";
import { readPieces } from "./read-pieces.ts";
import type { IncomingBlob } from "./types.ts";

/** A blob that somebody else hashes on its way here; its file can be read while it grows. */
export class Incoming implements IncomingBlob {
  readonly #digest: Digest;
  readonly #place: string;
  readonly #file: GatheredFile;
  /** Bytes that the file has. */
  #there = 0;
  #state: "arriving" | "whole" | "given up" = "arriving";
  #waiting: (() => void)[] = [];

  constructor(files: Files, place: string, digest: Digest) {
    this.#digest = digest;
    this.#place = place;
    this.#file = new GatheredFile(files, (size) => {
      this.#there = size;
      this.#tell();
    });
  }

  get size(): number {
    return this.#file.size;
  }

  write(chunk: Uint8Array): void {
    this.#file.write(chunk);
  }

  commit(): void {
    this.#file.moveTo(this.#place);
    this.#end("whole");
  }

  arriving(): AsyncIterable<Uint8Array> {
    return readPieces({
      path: () => (this.#state === "whole" ? this.#place : this.#file.path),
      reach: (bytes) => this.#reach(bytes),
    });
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
    this.#end("given up");
  }

  async #reach(bytes: number): Promise<void> {
    while (this.#state === "arriving" && this.#there < bytes)
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    if (this.#state === "given up")
      throw new TsbuildError("NETWORK", `Cannot read blob ${this.#digest}: its transfer was given up`);
  }

  #end(how: "whole" | "given up"): void {
    if (this.#state === "arriving") this.#state = how;
    this.#tell();
  }

  #tell(): void {
    for (const go of this.#waiting.splice(0)) go();
  }
}
