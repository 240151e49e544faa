import { invalid } from "../invalid-archive.ts";
import { BackwardBits } from "./backward-bits.ts";
import { FseTable, readDistribution, type Distribution } from "./fse.ts";
import { MAX_BLOCK, type Literals } from "./literals.ts";
import type { Window } from "./window.ts";

/** One of the three numbers of a sequence: how its codes are distributed, and the least and most that there may be. */
interface Kind {
  readonly maxLog: number;
  readonly maxSymbol: number;
  readonly usual: Distribution;
}

/** RFC 8878, 3.1.1.3.2.2. */
const LITERAL_LENGTHS: Kind = {
  maxLog: 9,
  maxSymbol: 35,
  usual: {
    log: 6,
    counts: [
      4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1,
      -1, -1,
    ],
  },
};
const OFFSETS: Kind = {
  maxLog: 8,
  maxSymbol: 31,
  usual: {
    log: 5,
    counts: [1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
  },
};
const MATCH_LENGTHS: Kind = {
  maxLog: 9,
  maxSymbol: 52,
  usual: {
    log: 6,
    counts: [
      1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
      1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1,
    ],
  },
};

/** RFC 8878, 3.1.1.3.2.1.1: how many bits follow each code; a code's least value is above all those of the one before. */
const LITERAL_BITS = bitsOf(16, [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const MATCH_BITS = bitsOf(32, [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
const LITERAL_BASES = basesOf(LITERAL_BITS, 0);
const MATCH_BASES = basesOf(MATCH_BITS, 3);

function bitsOf(without: number, rest: readonly number[]): Uint8Array {
  const bits = new Uint8Array(without + rest.length);
  bits.set(rest, without);
  return bits;
}

function basesOf(bits: Uint8Array, first: number): Uint32Array {
  const bases = new Uint32Array(bits.length);
  let base = first;
  for (const [code, width] of bits.entries()) {
    bases[code] = base;
    base += 1 << width;
  }
  return bases;
}

/** The copies that a block consists of, and the literals between them (RFC 8878, 3.1.1.3.2). */
export class Sequences {
  readonly #literalLengths = new Code(LITERAL_LENGTHS);
  readonly #offsets = new Code(OFFSETS);
  readonly #matchLengths = new Code(MATCH_LENGTHS);
  readonly #bits = new BackwardBits();
  /** The offsets that were used last. */
  #first = 1;
  #second = 4;
  #third = 8;

  /** What a frame begins with. */
  reset(): void {
    this.#first = 1;
    this.#second = 4;
    this.#third = 8;
    for (const code of [this.#literalLengths, this.#offsets, this.#matchLengths]) code.known = false;
  }

  /** Reads the section and writes what the block says. */
  run(view: DataView, start: number, limit: number, literals: Literals, window: Window): void {
    if (start >= limit) throw invalid("its zstd data has a block that is cut off");
    const first = view.getUint8(start);
    let at = start + (first < 128 ? 1 : first < 255 ? 2 : 3);
    const count =
      first < 128
        ? first
        : first < 255
          ? ((first - 128) << 8) + view.getUint8(start + 1)
          : view.getUint16(start + 1, true) + 0x7f00;
    if (count === 0) {
      if (at !== limit) throw invalid("its zstd data has a block with something behind its end");
      window.put(literals.data, 0, literals.size);
      return;
    }
    const modes = view.getUint8(at++);
    if (at > limit || (modes & 3) !== 0)
      throw invalid("its zstd data has a block of a kind that is not known");
    at = this.#literalLengths.read(view, at, limit, modes >> 6);
    at = this.#offsets.read(view, at, limit, (modes >> 4) & 3);
    at = this.#matchLengths.read(view, at, limit, (modes >> 2) & 3);
    this.#bits.open(view, at, limit);
    this.#copy(count, literals, window);
  }

  #copy(count: number, literals: Literals, window: Window): void {
    const bits = this.#bits;
    const { table: lengths } = this.#literalLengths;
    const { table: offsets } = this.#offsets;
    const { table: matches } = this.#matchLengths;
    let length = bits.read(lengths.log);
    let offset = bits.read(offsets.log);
    let match = bits.read(matches.log);
    let taken = 0;
    let size = 0;
    for (let left = count; left > 0; left--) {
      const lengthCode = lengths.symbols[length] ?? 0;
      const matchCode = matches.symbols[match] ?? 0;
      const offsetCode = offsets.symbols[offset] ?? 0;
      const value =
        offsetCode < 25
          ? (1 << offsetCode) + bits.read(offsetCode)
          : 2 ** offsetCode + bits.readLong(offsetCode);
      const matchLength = (MATCH_BASES[matchCode] ?? 0) + bits.read(MATCH_BITS[matchCode] ?? 0);
      const literalLength = (LITERAL_BASES[lengthCode] ?? 0) + bits.read(LITERAL_BITS[lengthCode] ?? 0);
      if (left > 1) {
        length = (lengths.bases[length] ?? 0) + bits.read(lengths.bits[length] ?? 0);
        match = (matches.bases[match] ?? 0) + bits.read(matches.bits[match] ?? 0);
        offset = (offsets.bases[offset] ?? 0) + bits.read(offsets.bits[offset] ?? 0);
      }
      size += literalLength + matchLength;
      if (taken + literalLength > literals.size || size > MAX_BLOCK)
        throw invalid("its zstd data has a block that is longer than it may be");
      window.put(literals.data, taken, literalLength);
      taken += literalLength;
      window.repeat(this.#offsetOf(value, literalLength), matchLength);
    }
    if (bits.left !== 0) throw invalid("its zstd data has a block that does not end where it should");
    if (size + literals.size - taken > MAX_BLOCK)
      throw invalid("its zstd data has a block that is longer than it may be");
    window.put(literals.data, taken, literals.size - taken);
  }

  /** RFC 8878, 3.1.1.5: small values are offsets that were used before. */
  #offsetOf(value: number, literalLength: number): number {
    const index = value > 3 ? 3 : value - 1 + (literalLength === 0 ? 1 : 0);
    if (index === 0) return this.#first;
    const offset =
      value > 3 ? value - 3 : index === 1 ? this.#second : index === 2 ? this.#third : this.#first - 1;
    if (index !== 1) this.#third = this.#second;
    this.#second = this.#first;
    this.#first = offset;
    return offset;
  }
}

/** How codes of one kind are written: as in the block before, as usual, as a table here, or always the same. */
class Code {
  readonly table = new FseTable();
  known = false;
  readonly #kind: Kind;
  #isUsual = false;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  read(view: DataView, at: number, limit: number, mode: number): number {
    if (mode === 3) {
      if (!this.known) throw invalid("its zstd data has a block that refers to a table that is not there");
      return at;
    }
    this.known = true;
    if (mode === 0) {
      if (!this.#isUsual) this.table.build(this.#kind.usual);
      this.#isUsual = true;
      return at;
    }
    this.#isUsual = false;
    if (mode === 1) {
      const symbol = at < limit ? view.getUint8(at) : Infinity;
      if (symbol > this.#kind.maxSymbol) throw invalid("its zstd data has a code that is not known");
      this.table.repeat(symbol);
      return at + 1;
    }
    const distribution = readDistribution(view, at, limit, this.#kind);
    this.table.build(distribution);
    return distribution.end;
  }
}
