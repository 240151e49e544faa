import { invalid } from "../invalid-archive.ts";
import { FarWindow } from "./far-window.ts";
import { MAX_BLOCK } from "./literals.ts";

/** Of what was written last, so much is in memory; what is further back is in a file, as memory is to be bounded. */
const NEAR = 4 * 2 ** 20;
/** What is written before the window is moved; more moves less often. */
const ROOM = 2 ** 20;
/** Shorter copies are made faster byte by byte than by a call. */
const SHORT = 24;

/** What a frame has written, as far back as it may refer to it. */
export class Window implements Disposable {
  #bytes: Uint8Array = new Uint8Array();
  /** How much of that is in memory for good. */
  #near = 0;
  #size = 0;
  /** Where the next byte goes; what was handed on ends at `#taken`. */
  #at = 0;
  #taken = 0;
  /** Bytes of this frame that were in memory and are not any more. */
  #gone = 0;
  #far: FarWindow | undefined;

  /** Bytes of this frame so far. */
  get total(): number {
    return this.#gone + this.#at;
  }

  /** A frame that looks back so far begins; everything before is handed on. */
  begin(size: number): void {
    this.#size = size;
    this.#near = Math.min(size, NEAR);
    if (this.#bytes.length < this.#near + ROOM) this.#bytes = new Uint8Array(this.#near + ROOM);
    this.#at = 0;
    this.#taken = 0;
    this.#gone = 0;
  }

  /** Bytes that are to be taken. */
  get waiting(): number {
    return this.#at - this.#taken;
  }

  /** Whether the next block might not fit: what is here has to be taken then. */
  get isFull(): boolean {
    return this.#bytes.length - this.#at < MAX_BLOCK;
  }

  /** What was written since it was asked last; valid until something is written. */
  take(): Buffer {
    const { buffer, byteOffset } = this.#bytes;
    const taken = Buffer.from(buffer, byteOffset + this.#taken, this.#at - this.#taken);
    this.#taken = this.#at;
    return taken;
  }

  /** Makes room for a block when everything is taken. */
  move(): void {
    if (!this.isFull) return;
    const gone = this.#at - this.#near;
    if (this.#size > this.#near) {
      this.#far ??= new FarWindow();
      this.#far.append(this.#bytes.subarray(0, gone), this.#gone);
    }
    this.#gone += gone;
    this.#bytes.copyWithin(0, gone, this.#at);
    this.#at = this.#near;
    this.#taken = this.#near;
  }

  /** Writes a part of other bytes. */
  put(from: Uint8Array, start: number, length: number): void {
    const bytes = this.#bytes;
    const at = this.#at;
    this.#at = at + length;
    if (length > SHORT) bytes.set(from.subarray(start, start + length), at);
    else for (let i = 0; i < length; i++) bytes[at + i] = from[start + i] ?? 0;
  }

  /** Writes one byte many times. */
  fill(byte: number, length: number): void {
    this.#bytes.fill(byte, this.#at, this.#at + length);
    this.#at += length;
  }

  /** Writes again what stands `offset` back; the copy may run into itself. */
  repeat(offset: number, length: number): void {
    if (offset > this.#size || offset > this.total || offset <= 0)
      throw invalid("its zstd data refers to what is not there");
    const far = offset > this.#at ? this.#repeatFar(offset, length) : 0;
    const bytes = this.#bytes;
    const at = this.#at;
    const end = at + length - far;
    this.#at = end;
    if (end - at > SHORT && offset >= end - at) bytes.copyWithin(at, at - offset, end - offset);
    else if (offset === 1) bytes.fill(bytes[at - 1] ?? 0, at, end);
    else for (let i = at; i < end; i++) bytes[i] = bytes[i - offset] ?? 0;
  }

  /** The part of a copy that begins in the file; gives its length. */
  #repeatFar(offset: number, length: number): number {
    const part = Math.min(length, offset - this.#at);
    this.#far?.read(this.#bytes, this.#at, part, this.total - offset);
    this.#at += part;
    return part;
  }

  [Symbol.dispose](): void {
    this.#far?.[Symbol.dispose]();
  }
}
