import { invalid } from "../invalid-archive.ts";
import { BackwardBits } from "./backward-bits.ts";
import { FseTable, readDistribution } from "./fse.ts";

/** RFC 8878, 4.2.1. */
const MAX_BITS = 11;
const MAX_WEIGHTS = 255;
/** Of the table that weights are packed with. */
const WEIGHTS = { maxLog: 6, maxSymbol: MAX_BITS + 1 };
/** As many bits as one read has for certain. */
const AT_ONCE = 25;

/** A code for literals (RFC 8878, 4.2), and what decodes streams of it. */
export class Huffman {
  /** Of the longest code; 0: there is no table yet. */
  bits = 0;
  /** By the next `bits` bits: the symbol, and above it the length of its code. */
  readonly #table = new Uint16Array(1 << MAX_BITS);
  readonly #fse = new FseTable();
  readonly #stream = new BackwardBits();

  /** Reads the description of a table; gives where what follows it begins. */
  read(view: DataView, start: number, limit: number): number {
    if (start >= limit) throw invalid("its zstd data has literals that are cut off");
    const head = view.getUint8(start);
    const size = head < 128 ? head : (head - 126) >> 1;
    const end = start + 1 + size;
    if (end > limit) throw invalid("its zstd data has literals that are cut off");
    this.#build(head < 128 ? this.#unpack(view, start + 1, end) : plainWeights(view, start + 1, head - 127));
    return end;
  }

  /** Decodes the stream from `start` up to `end` into `count` bytes of `to` from `at`. */
  decode(view: DataView, start: number, end: number, to: Uint8Array, at: number, count: number): void {
    const { bits } = this;
    const table = this.#table;
    const mask = (1 << bits) - 1;
    this.#stream.open(view, start, end);
    let { left } = this.#stream;
    let i = at;
    // Two symbols at a time, as long as there are bits for them.
    for (const stop = at + count - 1; i < stop && left >= AT_ONCE;) {
      const from = left - AT_ONCE;
      const window = view.getInt32(start + (from >> 3), true) >>> (from & 7);
      const first = table[(window >>> (AT_ONCE - bits)) & mask] ?? 0;
      const second = table[(window >>> (AT_ONCE - bits - (first >> 8))) & mask] ?? 0;
      to[i] = first;
      to[i + 1] = second;
      left -= (first >> 8) + (second >> 8);
      i += 2;
    }
    const base = view.getInt32(start, true);
    for (; i < at + count; i++) {
      const from = left - bits;
      const next =
        from >= 0
          ? view.getInt32(start + (from >> 3), true) >>> (from & 7)
          : (base & ((1 << left) - 1)) << -from;
      const entry = table[next & mask] ?? 0;
      to[i] = entry;
      left -= entry >> 8;
      if (left < 0) break;
    }
    if (left !== 0) throw invalid("its zstd data has literals that do not end where they should");
  }

  #unpack(view: DataView, start: number, end: number): number[] {
    const distribution = readDistribution(view, start, end, WEIGHTS);
    const fse = this.#fse;
    fse.build(distribution);
    const stream = this.#stream;
    stream.open(view, distribution.end, end);
    const weights: number[] = [];
    const states: [number, number] = [stream.read(fse.log), stream.read(fse.log)];
    // Two states in turns; when one cannot be brought forward any more, the other has the last weight.
    for (let turn: 0 | 1 = 0; ; turn = turn === 0 ? 1 : 0) {
      const state = states[turn];
      weights.push(fse.symbols[state] ?? 0);
      states[turn] = (fse.bases[state] ?? 0) + stream.read(fse.bits[state] ?? 0);
      if (weights.length > MAX_WEIGHTS) throw invalid("its zstd data has too many weights");
      if (stream.left >= 0) continue;
      weights.push(fse.symbols[states[turn === 0 ? 1 : 0]] ?? 0);
      return weights;
    }
  }

  #build(weights: number[]): void {
    let sum = 0;
    for (const weight of weights) {
      if (weight > MAX_BITS) throw invalid("its zstd data has a code that is too long");
      if (weight > 0) sum += 1 << (weight - 1);
    }
    // The last weight is what is missing to a power of two.
    const bits = 32 - Math.clz32(sum);
    const rest = (1 << bits) - sum;
    if (sum === 0 || bits > MAX_BITS || (rest & (rest - 1)) !== 0 || weights.length > MAX_WEIGHTS)
      throw invalid("its zstd data has codes that do not add up");
    weights.push(32 - Math.clz32(rest));
    let at = 0;
    for (let weight = 1; weight <= bits; weight++) {
      for (const [symbol, one] of weights.entries()) {
        if (one !== weight) continue;
        const places = 1 << (weight - 1);
        this.#table.fill(symbol | ((bits + 1 - weight) << 8), at, at + places);
        at += places;
      }
    }
    this.bits = bits;
  }
}

/** Two in each byte. */
function plainWeights(view: DataView, start: number, count: number): number[] {
  const weights: number[] = [];
  for (let i = 0; i < count; i++) {
    const pair = view.getUint8(start + (i >> 1));
    weights.push(i % 2 === 0 ? pair >> 4 : pair & 15);
  }
  return weights;
}
