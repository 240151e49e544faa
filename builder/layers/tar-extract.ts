/* oxlint-disable no-underscore-dangle -- tar-stream marks its inside so, and nothing else here has such names */
import { messageOf } from "../core/errors.ts";
import type { Bytes } from "../core/bytes.ts";
import { invalid } from "./invalid-archive.ts";
import { BLOCK } from "./tar-header.ts";
import { decodePax } from "./tar-pax.ts";

/** A header as tar-stream decodes it, with bytes for names, after the long names and pax records before it. */
export interface RawHeader {
  name: string;
  linkname: string | null;
  size: number;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: Date;
  /** null: a type that tar-stream does not know. */
  readonly type: string | null;
  readonly devmajor: number;
  readonly devminor: number;
  /** Where the data begins. */
  readonly byteOffset: number;
}

export interface RawVisitor {
  header(header: RawHeader, pax: ReadonlyMap<string, Bytes>): void;
  data(chunk: Buffer): void;
}

/**
 * The inside of tar-stream 3's Extract. Its outside decodes pax records as UTF-8, which destroys file names and
 * capabilities, applies global headers, goes on after the end of the archive, and gives every file an asynchronous stream
 * of its own. Its state machine does none of that, and is synchronous. The tests in read-tar.test.ts hold it to it.
 */
interface Extract {
  _header: RawHeader | null;
  _missing: number;
  _longHeader: boolean;
  _locked: boolean;
  _stream: unknown;
  readonly _buffer: BufferList;
  _gnuLongPath: string | null;
  _gnuLongLinkPath: string | null;
  _write(chunk: Uint8Array, done: (error: Error | null) => void): void;
  _final(done: (error: Error | null) => void): void;
  _consumeHeader(): boolean;
  _applyLongHeaders(): void;
  _decodeLongHeader(block: Buffer): void;
  _createStream(): { push(chunk: Buffer | null): boolean; _detach(): void };
  on(event: "entry", listener: () => void): void;
}

/** Bytes that wait, and how many did before. */
interface BufferList {
  readonly buffered: number;
  shifted: number;
  shift(size: number): Buffer;
  push(chunk: Buffer): void;
}

/** More than this no name or attribute needs; it is refused before it is read. */
const MAX_LONG_HEADER = 1024 * 1024;
/** Types that have no data, whatever their size says (Go archive/tar, isHeaderOnlyType). */
const HEADER_ONLY: ReadonlySet<string | null> = new Set([
  "link",
  "symlink",
  "character-device",
  "block-device",
  "directory",
  "fifo",
]);
const NO_PAX: ReadonlyMap<string, Bytes> = new Map();

/** Takes an archive apart, synchronously: the visitor is called before `write` returns. */
export class TarExtract {
  readonly #extract: Extract;
  readonly #visitor: RawVisitor;
  #pax: ReadonlyMap<string, Bytes> = NO_PAX;
  #zeroBlocks = 0;
  #ended = false;

  static async open(visitor: RawVisitor): Promise<TarExtract> {
    const { extract } = await import("tar-stream");
    // Its types leave these two out. v7 archives have no magic, docker reads them.
    const options: object = { filenameEncoding: "latin1", allowUnknownFormat: true };
    return new TarExtract(extract(options) as unknown as Extract, visitor);
  }

  private constructor(extract: Extract, visitor: RawVisitor) {
    this.#extract = extract;
    this.#visitor = visitor;
    const consumeHeader = extract._consumeHeader.bind(extract);
    extract._consumeHeader = () => this.#consumeHeader(consumeHeader);
    extract._applyLongHeaders = () => this.#applyLongHeaders();
    const decodeLongHeader = extract._decodeLongHeader.bind(extract);
    extract._decodeLongHeader = (block) => this.#decodeLongHeader(block, decodeLongHeader);
    extract._createStream = () => ({
      push: (chunk) => {
        if (chunk !== null) this.#visitor.data(chunk);
        return true;
      },
      _detach: () => {
        extract._stream = null;
        extract._missing = padding(extract._header?.size ?? 0);
      },
    });
    extract.on("entry", () => {
      extract._locked = false;
      if (extract._header !== null) this.#visitor.header(extract._header, this.#takePax());
    });
  }

  write(chunk: Uint8Array): void {
    // What follows the end is not part of the archive, whatever it looks like.
    if (this.#ended) return;
    this.#extract._write(chunk, fail);
    const { _buffer: kept } = this.#extract;
    const size = kept.buffered;
    if (size === 0) return;
    // A header that is not whole yet is kept, and the chunk's memory may be used again.
    kept.push(Buffer.from(kept.shift(size)));
    kept.shifted -= size;
  }

  end(): void {
    if (!this.#ended) this.#extract._final(fail);
  }

  #consumeHeader(consume: () => boolean): boolean {
    const extract = this.#extract;
    const more = consume();
    if (!more) return false;
    if (extract._header === null) {
      this.#ended = ++this.#zeroBlocks === 2;
      return !this.#ended;
    }
    if (this.#zeroBlocks > 0) throw invalid("an entry stands after the end");
    if (extract._longHeader) {
      if (!(extract._missing >= 0 && extract._missing <= MAX_LONG_HEADER)) {
        throw invalid(`an extended header has ${extract._missing} bytes`);
      }
      // tar-stream would take the next entry's padding for a header that is empty.
      if (extract._missing === 0) extract._longHeader = false;
    }
    return true;
  }

  #decodeLongHeader(block: Buffer, decodeGnu: (block: Buffer) => void): void {
    const type = this.#extract._header?.type;
    // Docker ignores global headers (git writes one with the commit).
    if (type === "pax-global-header") return;
    if (type !== "pax-header") return decodeGnu(block);
    const pax = decodePax(block);
    if (pax === undefined) throw invalid("a pax header is malformed");
    this.#pax = pax;
  }

  #applyLongHeaders(): void {
    const extract = this.#extract;
    const header = extract._header;
    if (header === null) return;
    header.name = this.#pax.get("path") || extract._gnuLongPath || header.name;
    header.linkname = this.#pax.get("linkpath") || extract._gnuLongLinkPath || header.linkname;
    extract._gnuLongPath = null;
    extract._gnuLongLinkPath = null;
    const size = this.#pax.get("size");
    if (size) header.size = /^\d{1,16}$/.test(size) ? Number(size) : NaN;
    if (HEADER_ONLY.has(header.type)) header.size = 0;
    // Base 256 with all bits set is -1, of which tar-stream makes -0.
    if (!Number.isSafeInteger(header.size) || header.size < 0 || Object.is(header.size, -0)) {
      throw invalid("an entry's size is not a number");
    }
  }

  #takePax(): ReadonlyMap<string, Bytes> {
    const pax = this.#pax;
    this.#pax = NO_PAX;
    return pax;
  }
}

function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

function fail(error: Error | null): void {
  if (error !== null) throw invalid(inWords(messageOf(error)), error);
}

/** What tar-stream says, in the words of who has the file. */
function inWords(message: string): string {
  if (message.startsWith("Unexpected end")) return "it ends too early, or is no tar archive";
  return /^Invalid (tar )?header/.test(message) ? "it is no tar archive, or a damaged one" : message;
}
