import { printable, type Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { FileSpans } from "../core/file-spans.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { BLOCK, paxFor, tarName, writeHeader, writePaxHeader } from "./tar-header.ts";

/** OCI image-spec, layer.md#whiteouts. */
export const WHITEOUT_PREFIX = ".wh.";
export const OPAQUE_NAME = ".wh..wh..opq";

const BUFFER_SIZE = 1024 * 1024;
/** Data of this size goes to the sink as it is: copying it into the buffer would only cost. */
const DIRECT = 128 * 1024;

/**
 * Takes a chunk of a tar, and must be done with it when it returns. `files`: where in the chunk the bytes of files lie that
 * `noted` was called for (core/file-spans.ts).
 */
export type TarSink = (chunk: Uint8Array, files?: Int32Array) => void;

/** Gives memory of a mebibyte to be filled, after each chunk anew. */
export type TarMemory = () => Buffer;

/**
 * Writes a layer's tar, the same bytes for the same entries: pax only where a plain header cannot hold a value, whole
 * seconds, no user or group names (BuildKit and docker write layers so). Everything is synchronous and goes through a
 * buffer that is used again.
 */
export class TarWriter {
  readonly #sink: TarSink;
  readonly #spans = new FileSpans();
  readonly #memory: TarMemory;
  #buffer: Buffer;
  #used = 0;
  /** Bytes that went to the sink. */
  #flushed = 0;
  /** Bytes that the entry put last still wants. */
  #missing = 0;
  #open: Entry | undefined;
  /** Whether the sink is told where its bytes lie. */
  #noted = false;

  constructor(sink: TarSink, memory?: TarMemory) {
    this.#sink = sink;
    const own = memory === undefined ? Buffer.allocUnsafeSlow(BUFFER_SIZE) : undefined;
    this.#memory = memory ?? (() => own ?? Buffer.alloc(BUFFER_SIZE));
    this.#buffer = this.#memory();
  }

  /** Bytes so far: where the data of the entry put last begins, and goes on. */
  get offset(): number {
    return this.#flushed + this.#used;
  }

  /** A header; a regular file's bytes follow through `data` or `fill`. */
  entry(entry: Entry): void {
    if (baseOf(entry.path).startsWith(WHITEOUT_PREFIX)) {
      throw new TsbuildError(
        "ARCHIVE_INVALID",
        `Cannot store "${printable(entry.path)}": in a layer a name that begins with "${WHITEOUT_PREFIX}" deletes a file`,
        { hint: "rename the file, or exclude it with .dockerignore" },
      );
    }
    this.#header(entry);
  }

  /** Lets the sink know where the bytes of the regular file that was put last lie; they are to come through `fill`. */
  noted(): void {
    this.#noted = this.#missing > 0;
  }

  /** Bytes of the regular file that was put last. */
  data(chunk: Uint8Array): void {
    if (chunk.length > this.#missing) throw this.#wrongSize("more");
    this.#missing -= chunk.length;
    if (chunk.length >= DIRECT) {
      this.#flush();
      this.#sink(chunk);
      this.#buffer = this.#memory();
      this.#flushed += chunk.length;
    } else {
      if (this.#used + chunk.length > BUFFER_SIZE) this.#flush();
      this.#buffer.set(chunk, this.#used);
      this.#used += chunk.length;
    }
    if (this.#missing === 0) this.#pad();
  }

  /**
   * Lets `read` put bytes of the regular file straight into the buffer and returns what it returned: how many. At most
   * one byte more than the file wants is asked for, so that the caller sees that a file grew.
   */
  fill(read: (buffer: Buffer, at: number, length: number) => number): number {
    if (this.#used + Math.min(this.#missing + 1, DIRECT) > BUFFER_SIZE) this.#flush();
    const got = read(this.#buffer, this.#used, Math.min(this.#missing + 1, BUFFER_SIZE - this.#used));
    const taken = Math.min(got, this.#missing);
    this.#missing -= taken;
    if (this.#noted) this.#spans.add(this.#used, this.#used + taken, this.#missing === 0);
    this.#used += taken;
    if (this.#missing === 0) this.#pad();
    return got;
  }

  /** Leaves the data of the file that was put last, with its padding, to whoever writes to the sink himself: how many bytes. */
  leave(): number {
    this.#flush();
    const size = Math.ceil(this.#missing / BLOCK) * BLOCK;
    this.#missing = 0;
    this.#flushed += size;
    return size;
  }

  /** Counts bytes that somebody else wrote after those. */
  skip(size: number): void {
    this.#flushed += size;
  }

  /** Says that what lower layers have at a path is gone. */
  whiteout(path: Bytes): void {
    this.#marker(joinPath(parentOf(path), WHITEOUT_PREFIX + baseOf(path)));
  }

  /** Says that what lower layers have below a directory is gone. */
  opaque(path: Bytes): void {
    this.#marker(joinPath(path, OPAQUE_NAME));
  }

  /** The end of the archive. */
  finish(): void {
    this.#close();
    this.#room(2 * BLOCK);
    this.#buffer.fill(0, this.#used, this.#used + 2 * BLOCK);
    this.#used += 2 * BLOCK;
    this.#flush();
  }

  #marker(path: Bytes): void {
    this.#header({ path, type: "file", mode: 0, uid: 0, gid: 0, size: 0, mtime: 0 });
  }

  #header(entry: Entry): void {
    this.#close();
    const name = tarName(entry);
    const pax = paxFor(entry, name);
    if (pax !== undefined) {
      this.#room(BLOCK);
      writePaxHeader(this.#buffer, this.#used, pax.length);
      this.#used += BLOCK;
      this.#missing = pax.length;
      this.data(pax);
    }
    this.#room(BLOCK);
    writeHeader(this.#buffer, this.#used, entry, name);
    this.#used += BLOCK;
    this.#open = entry;
    this.#noted = false;
    this.#missing = entry.type === "file" ? entry.size : 0;
  }

  #close(): void {
    if (this.#missing > 0) throw this.#wrongSize("fewer");
  }

  #pad(): void {
    const rest = this.offset % BLOCK;
    if (rest === 0) return;
    this.#room(BLOCK);
    this.#buffer.fill(0, this.#used, this.#used + BLOCK - rest);
    this.#used += BLOCK - rest;
  }

  #room(size: number): void {
    if (this.#used + size > BUFFER_SIZE) this.#flush();
  }

  #flush(): void {
    if (this.#used === 0) return;
    const used = this.#used;
    this.#flushed += used;
    this.#used = 0;
    this.#sink(this.#buffer.subarray(0, used), this.#spans.take());
    this.#buffer = this.#memory();
  }

  #wrongSize(how: "more" | "fewer"): TsbuildError {
    return new TsbuildError(
      "INTERNAL",
      `Cannot store "${printable(this.#open?.path ?? "")}": it has ${how} bytes than its size says`,
    );
  }
}
