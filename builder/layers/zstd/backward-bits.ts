import { invalid } from "../invalid-archive.ts";

/** As many bits as one read of 32 has, wherever in a byte they begin. */
const AT_ONCE = 25;

/**
 * A bitstream that is read from its end to its beginning (RFC 8878, 4.1). Behind its bytes the memory has four more. What
 * would lie before the beginning is zeros; `left` is negative then.
 */
export class BackwardBits {
  left = 0;
  #view: DataView = new DataView(new ArrayBuffer(4));
  #start = 0;

  /** The bytes from `start` up to `end`, of which the last has the mark where the bits begin. */
  open(view: DataView, start: number, end: number): void {
    const last = end > start ? view.getUint8(end - 1) : 0;
    if (last === 0) throw invalid("its zstd data has a bitstream without an end");
    this.#view = view;
    this.#start = start;
    this.left = (end - start - 1) * 8 + 31 - Math.clz32(last);
  }

  /** Up to 25 bits. */
  read(count: number): number {
    const left = this.left - count;
    this.left = left;
    if (left >= 0)
      return (this.#view.getInt32(this.#start + (left >> 3), true) >>> (left & 7)) & ((1 << count) - 1);
    const there = count + left;
    if (there <= 0) return 0;
    return (this.#view.getInt32(this.#start, true) & ((1 << there) - 1)) << -left;
  }

  /** Up to 32. */
  readLong(count: number): number {
    if (count <= AT_ONCE) return this.read(count);
    const high = this.read(count - 16);
    return high * 2 ** 16 + this.read(16);
  }
}
