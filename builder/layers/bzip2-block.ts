import type { BitReader } from "./bit-reader.ts";
import { invalid } from "./invalid-archive.ts";

/** Reads a block up to the Burrows-Wheeler transform: the last column of the sorted rotations, in the low bytes. */
export function readBlock(
  input: BitReader,
  block: Uint32Array,
): { readonly size: number; readonly origin: number } {
  if (input.bits(1) === 1) throw invalid("it is bzip2 of before 1997, which shuffles bytes");
  const origin = input.bits(24);
  const used: number[] = [];
  const rows = input.bits(16);
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >> row)) === 0) continue;
    const columns = input.bits(16);
    for (let column = 0; column < 16; column++) {
      if ((columns & (0x8000 >> column)) !== 0) used.push(row * 16 + column);
    }
  }
  const count = input.bits(3);
  const selectorCount = input.bits(15);
  if (used.length === 0 || count < 2 || count > 6 || selectorCount < 1)
    throw invalid("its bzip2 data is damaged");
  const selectors = readSelectors(input, count, selectorCount);
  const tables = Array.from({ length: count }, () => readTable(input, used.length + 2));
  const front = Uint8Array.from(used);
  const end = used.length + 1;
  let size = 0;
  let run = 0;
  let weight = 1;
  for (let group = 0; ; group++) {
    const table = tables[selectors[group] ?? -1];
    if (table === undefined) throw invalid("its bzip2 data is damaged");
    for (let i = 0; i < 50; i++) {
      const symbol = table.next(input);
      if (symbol < 2) {
        // Runs of the front byte, in a number system with the digits 1 and 2.
        run += weight << symbol;
        weight <<= 1;
        if (run > block.length) throw invalid("its bzip2 data is damaged");
        continue;
      }
      if (run > 0) {
        if (size + run > block.length) throw invalid("its bzip2 data is damaged");
        block.fill(front[0] ?? 0, size, size + run);
        size += run;
        run = 0;
        weight = 1;
      }
      if (symbol === end) {
        if (origin >= size) throw invalid("its bzip2 data is damaged");
        return { size, origin };
      }
      if (size >= block.length) throw invalid("its bzip2 data is damaged");
      const value = front[symbol - 1] ?? 0;
      front.copyWithin(1, 0, symbol - 1);
      front[0] = value;
      block[size++] = value;
    }
  }
}

function readSelectors(input: BitReader, tables: number, count: number): Uint8Array {
  const front = Array.from({ length: tables }, (_, table) => table);
  const selectors = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    let position = 0;
    while (input.bits(1) === 1) if (++position >= tables) throw invalid("its bzip2 data is damaged");
    const [table = 0] = front.splice(position, 1);
    front.unshift(table);
    selectors[i] = table;
  }
  return selectors;
}

const MAX_LENGTH = 20;

/** A canonical Huffman code. */
class Table {
  /** By length: one more than the last code, and what to add to a code for its place among the symbols. */
  readonly #limits = new Int32Array(MAX_LENGTH + 2);
  readonly #offsets = new Int32Array(MAX_LENGTH + 2);
  readonly #symbols: Uint16Array;

  constructor(lengths: Uint8Array) {
    const order = [...lengths.keys()].sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
    this.#symbols = Uint16Array.from(order);
    let code = 0;
    let place = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      code <<= 1;
      this.#offsets[length] = place - code;
      while (place < order.length && lengths[order[place] ?? 0] === length) {
        place++;
        code++;
      }
      this.#limits[length] = code;
    }
  }

  next(input: BitReader): number {
    let code = 0;
    for (let length = 1; length <= MAX_LENGTH; length++) {
      code = (code << 1) | input.bit();
      if (code < (this.#limits[length] ?? 0)) {
        const symbol = this.#symbols[code + (this.#offsets[length] ?? 0)];
        if (symbol !== undefined) return symbol;
        break;
      }
    }
    throw invalid("its bzip2 data is damaged");
  }
}

function readTable(input: BitReader, symbols: number): Table {
  const lengths = new Uint8Array(symbols);
  let length = input.bits(5);
  for (let symbol = 0; symbol < symbols; symbol++) {
    while (input.bits(1) === 1) length += input.bits(1) === 1 ? -1 : 1;
    if (length < 1 || length > MAX_LENGTH) throw invalid("its bzip2 data is damaged");
    lengths[symbol] = length;
  }
  return new Table(lengths);
}
