import { startWasm } from "../../core/wasm.ts";
import { XXH64_CODE, XXH64_PLACES } from "./xxh64-code.ts";

const { state: STATE, input: INPUT } = XXH64_PLACES;
const STRIPE = 32;
/** xxhash_spec.md of the xxHash project, "XXH64 Algorithm Description". */
const P1 = 0x9e3779b185ebca87n;
const P2 = 0xc2b2ae3d27d4eb4fn;
const P3 = 0x165667b19e3779f9n;
const P4 = 0x85ebca77c2b2ae63n;
const P5 = 0x27d4eb2f165667c5n;

/** XXH64 without a seed, by which a zstd frame's content can be checked (RFC 8878, 3.1.1). */
export class Xxh64 {
  readonly #stripes: (at: number, end: number) => void;
  readonly #bytes: Uint8Array;
  readonly #words: DataView;
  /** Where a stripe begins that is not whole. */
  #filled = 0;
  #total = 0;

  constructor() {
    const { memory, stripes } = startWasm<{ stripes(at: number, end: number): void }>(XXH64_CODE);
    this.#stripes = stripes;
    this.#bytes = new Uint8Array(memory);
    this.#words = new DataView(memory);
    this.reset();
  }

  /** Begins anew. */
  reset(): void {
    for (const [index, value] of [P1 + P2, P2, 0n, -P1].entries())
      this.#words.setBigUint64(STATE + index * 8, long(value), true);
    this.#filled = 0;
    this.#total = 0;
  }

  update(data: Uint8Array): void {
    this.#total += data.length;
    const room = this.#bytes.length - INPUT;
    for (let at = 0; at < data.length;) {
      const part = data.subarray(at, at + room - this.#filled);
      this.#bytes.set(part, INPUT + this.#filled);
      at += part.length;
      const filled = this.#filled + part.length;
      const whole = filled - (filled % STRIPE);
      if (whole > 0) this.#stripes(INPUT, INPUT + whole);
      this.#bytes.copyWithin(INPUT, INPUT + whole, INPUT + filled);
      this.#filled = filled - whole;
    }
  }

  /** Its lower 32 bits. */
  low(): number {
    const words = this.#words;
    const word = (at: number): bigint => words.getBigUint64(at, true);
    const [a = 0n, b = 0n, c = 0n, d = 0n] = [0, 1, 2, 3].map((index) => word(STATE + index * 8));
    let hash = P5;
    if (this.#total >= STRIPE) {
      hash = long(rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n));
      for (const one of [a, b, c, d]) hash = long((hash ^ round(one)) * P1 + P4);
    }
    hash = long(hash + BigInt(this.#total));
    const end = INPUT + this.#filled;
    let at = INPUT;
    for (; at + 8 <= end; at += 8) hash = long(rotate(hash ^ round(word(at)), 27n) * P1 + P4);
    for (; at + 4 <= end; at += 4)
      hash = long(rotate(hash ^ long(BigInt(words.getUint32(at, true)) * P1), 23n) * P2 + P3);
    for (; at < end; at++) hash = long(rotate(hash ^ long(BigInt(words.getUint8(at)) * P5), 11n) * P1);
    hash = long((hash ^ (hash >> 33n)) * P2);
    hash = long((hash ^ (hash >> 29n)) * P3);
    return Number((hash ^ (hash >> 32n)) & 0xffffffffn);
  }
}

function round(lane: bigint): bigint {
  return long(rotate(long(lane * P2), 31n) * P1);
}

function rotate(value: bigint, bits: bigint): bigint {
  return long(value << bits) | (value >> (64n - bits));
}

function long(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}
