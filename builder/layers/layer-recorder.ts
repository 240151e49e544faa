import { bytesFrom, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Entry } from "../core/entry.ts";
import { sortChanges } from "./path-order.ts";
import { BLOCK } from "./tar-header.ts";
import { TarWriter, type TarMemory, type TarSink } from "./tar-writer.ts";
import type { LayerChange, LayerIndex } from "./types.ts";

/** Files whose bytes an index keeps: what a user's name is looked up in. */
const KEPT: ReadonlySet<string> = new Set(["etc/passwd", "etc/group"]);
const KEPT_LIMIT = 64 * 1024;

/** In place of a digest that is not known yet. */
export const UNNAMED = "" as Digest;

export interface RecordOptions {
  /** SOURCE_DATE_EPOCH: later times become this one. Seconds since 1970. */
  readonly epoch?: number | undefined;
  /** What the sink would have filled. */
  readonly memory?: TarMemory | undefined;
}

/** Whether an index keeps the bytes of this file. */
export function keepsData(entry: Entry): boolean {
  return entry.type === "file" && entry.size <= KEPT_LIMIT && KEPT.has(entry.path);
}

/** The entry with no later time than this. */
export function notAfter(entry: Entry, epoch: number | undefined): Entry {
  return epoch !== undefined && entry.mtime > epoch ? { ...entry, mtime: epoch } : entry;
}

/** Writes a layer's tar from what it is told, in the order of a layer, and makes its index on the way. */
export class LayerRecorder {
  readonly #tar: TarWriter;
  readonly #epoch: number | undefined;
  readonly #changes: LayerChange[] = [];
  /** Positions of files whose digest is UNNAMED. */
  readonly #unnamed: number[] = [];
  #kept: Buffer[] | undefined;
  #last: Entry | undefined;

  constructor(sink: TarSink, options: RecordOptions = {}) {
    this.#tar = new TarWriter(sink, options.memory);
    this.#epoch = options.epoch;
  }

  /** What the tar has so far, in its order. */
  get changes(): readonly LayerChange[] {
    return this.#changes;
  }

  /** The entry as the layer has it. */
  dated(given: Entry): Entry {
    return notAfter(given, this.#epoch);
  }

  /** `digest`: of the bytes of a regular file, where it is known; UNNAMED where the sink is to take it, for `index`. */
  entry(given: Entry, digest?: Digest): void {
    this.#keep();
    const entry = this.dated(given);
    this.#tar.entry(entry);
    this.#push(entry, digest);
    if (digest === UNNAMED) {
      this.#tar.noted();
      this.#unnamed.push(this.#changes.length - 1);
    }
    if (keepsData(entry)) {
      this.#kept = [];
      this.#last = entry;
    }
  }

  /** Leaves the bytes of the file that was put last, and their padding, to be written by somebody else: how many. */
  leave(): number {
    return this.#tar.leave();
  }

  /** A file that somebody else wrote after those, its header being of `header` bytes; says how many bytes he wrote. */
  foreign(entry: Entry, digest: Digest | undefined, header: number): number {
    const size = Math.ceil(entry.size / BLOCK) * BLOCK;
    this.#tar.skip(header);
    this.#push(entry, digest);
    this.#tar.skip(size);
    return header + size;
  }

  /** Bytes of the regular file that was put last. */
  data(chunk: Uint8Array): void {
    this.#tar.data(chunk);
    this.#kept?.push(Buffer.from(chunk));
  }

  /** The same, read straight into the tar's buffer; see `TarWriter.fill`. */
  fill(read: (buffer: Buffer, at: number, length: number) => number): number {
    return this.#tar.fill((buffer, at, length) => {
      const got = read(buffer, at, length);
      this.#kept?.push(Buffer.from(buffer.subarray(at, at + got)));
      return got;
    });
  }

  whiteout(path: Bytes): void {
    this.#keep();
    this.#tar.whiteout(path);
    this.#changes.push({ kind: "whiteout", path });
  }

  opaque(path: Bytes): void {
    this.#keep();
    this.#tar.opaque(path);
    this.#changes.push({ kind: "opaque", path });
  }

  /** Ends the tar. */
  end(): void {
    this.#keep();
    this.#tar.finish();
  }

  /** What the tar has. `digests`: of the files that came UNNAMED. */
  index(digests: readonly Digest[] = []): LayerIndex {
    // In place: nobody has seen them yet, and there may be 100,000.
    for (const [number, at] of this.#unnamed.entries())
      Object.assign(this.#changes[at] ?? {}, { digest: digests[number] });
    return { changes: sortChanges(this.#changes) };
  }

  /** Ends the tar, and says what it has. */
  finish(): LayerIndex {
    this.end();
    return this.index();
  }

  #push(entry: Entry, digest: Digest | undefined): void {
    if (entry.type !== "file") this.#changes.push({ kind: "entry", entry });
    else if (digest === undefined) this.#changes.push({ kind: "entry", entry, offset: this.#tar.offset });
    else this.#changes.push({ kind: "entry", entry, offset: this.#tar.offset, digest });
  }

  #keep(): void {
    const change = this.#changes.at(-1);
    if (this.#kept !== undefined && change?.kind === "entry" && change.entry === this.#last) {
      const data = bytesFrom(Buffer.concat(this.#kept).subarray(0, change.entry.size));
      this.#changes[this.#changes.length - 1] = { ...change, data };
    }
    this.#kept = undefined;
    this.#last = undefined;
  }
}
