import { invalid } from "../invalid-archive.ts";
import { Huffman } from "./huffman.ts";

/** RFC 8878, 3.1.1.2: no block is larger, whatever its window. */
export const MAX_BLOCK = 128 * 1024;

/** The bytes of a block that are no copies of earlier ones (RFC 8878, 3.1.1.3.1). */
export class Literals {
  readonly data = new Uint8Array(MAX_BLOCK);
  size = 0;
  readonly #huffman = new Huffman();

  /** Forgets the code of the frame before. */
  reset(): void {
    this.#huffman.bits = 0;
  }

  /** Reads the section; gives where what follows it begins. */
  read(bytes: Uint8Array, view: DataView, start: number, limit: number): number {
    const type = view.getUint8(start) & 3;
    const format = (view.getUint8(start) >> 2) & 3;
    return type < 2
      ? this.#plain(bytes, view, start, limit, type, format)
      : this.#coded(view, start, limit, type, format);
  }

  #plain(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    limit: number,
    type: number,
    format: number,
  ): number {
    const head = view.getInt32(start, true);
    const size =
      format % 2 === 0 ? (head >> 3) & 0x1f : format === 1 ? (head >> 4) & 0xfff : (head >> 4) & 0xfffff;
    const at = start + (format % 2 === 0 ? 1 : format === 1 ? 2 : 3);
    const end = at + (type === 0 ? size : 1);
    if (end > limit || size > MAX_BLOCK) throw invalid("its zstd data has literals that are cut off");
    if (type === 0) this.data.set(bytes.subarray(at, end));
    else this.data.fill(bytes[at] ?? 0, 0, size);
    this.size = size;
    return end;
  }

  #coded(view: DataView, start: number, limit: number, type: number, format: number): number {
    const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
    const head = start + (format < 2 ? 3 : format === 2 ? 4 : 5);
    // Two sizes behind four bits: 40 bits at most.
    const low = view.getUint32(start, true);
    const all = (low + view.getUint8(start + 4) * 2 ** 32) / 16;
    const size = (all % (1 << sizeBits)) | 0;
    const packed = ((all / (1 << sizeBits)) % (1 << sizeBits)) | 0;
    const end = head + packed;
    if (end > limit || size > MAX_BLOCK) throw invalid("its zstd data has literals that are cut off");
    const huffman = this.#huffman;
    const at = type === 2 ? huffman.read(view, head, end) : head;
    if (huffman.bits === 0) throw invalid("its zstd data has literals without a code");
    if (format === 0) huffman.decode(view, at, end, this.data, 0, size);
    else this.#four(view, at, end, size);
    this.size = size;
    return end;
  }

  /** Four streams, behind the sizes of three. */
  #four(view: DataView, start: number, end: number, size: number): void {
    const part = (size + 3) >> 2;
    let at = start + 6;
    if (at > end || part * 3 > size) throw invalid("its zstd data has literals that are cut off");
    for (let stream = 0; stream < 4; stream++) {
      const stop = stream === 3 ? end : at + view.getUint16(start + stream * 2, true);
      if (stop > end) throw invalid("its zstd data has literals that are cut off");
      const count = stream === 3 ? size - part * 3 : part;
      this.#huffman.decode(view, at, stop, this.data, stream * part, count);
      at = stop;
    }
  }
}
