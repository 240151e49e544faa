import { invalid } from "../invalid-archive.ts";
import { MAX_BLOCK } from "./literals.ts";

/** More than a block; behind it is room for reads of four bytes that begin at its end. */
const SIZE = 4 * MAX_BLOCK;
const BEHIND = 8;

/** Gathers what a reader of blocks needs in one piece. */
export class Input {
  readonly bytes = new Uint8Array(SIZE + BEHIND);
  readonly view = new DataView(this.bytes.buffer);
  /** What comes next. */
  at = 0;
  #end = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  #piece: Uint8Array = new Uint8Array();
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Whether so many bytes, at most a block and a header, are in the buffer. */
  holds(count: number): boolean {
    return this.#end - this.at >= count;
  }

  /** Reads until they are; false where the source has fewer. */
  async fill(count: number): Promise<boolean> {
    while (!this.holds(count)) {
      if (this.#piece.length === 0) {
        const next = await this.#source.next();
        this.#ended = next.done === true;
        if (next.done === true) return false;
        this.#piece = next.value;
      }
      this.bytes.copyWithin(0, this.at, this.#end);
      this.#end -= this.at;
      this.at = 0;
      const part = this.#piece.subarray(0, SIZE - this.#end);
      this.bytes.set(part, this.#end);
      this.#end += part.length;
      this.#piece = this.#piece.subarray(part.length);
    }
    return true;
  }

  /** The same, where there must be so many. */
  async need(count: number): Promise<void> {
    if (!(await this.fill(count))) throw invalid("its zstd data ends too early");
  }

  async skip(count: number): Promise<void> {
    for (let left = count; left > 0;) {
      const part = Math.min(left, MAX_BLOCK);
      await this.need(part);
      this.at += part;
      left -= part;
    }
  }

  /** Lets go of the source. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#source.return?.();
  }
}
