import { invalid } from "../invalid-archive.ts";

/** States of the largest table that there may be: 9 bits (RFC 8878, 3.1.1.3.2.1). */
const MAX_STATES = 512;

/** How often each symbol occurs; -1 is "less than once". */
export interface Distribution {
  readonly log: number;
  readonly counts: readonly number[];
}

/** A decoding table of finite state entropy (RFC 8878, 4.1): for each state its symbol, and how the next state is found. */
export class FseTable {
  log = 0;
  readonly symbols = new Uint8Array(MAX_STATES);
  readonly bits = new Uint8Array(MAX_STATES);
  readonly bases = new Uint16Array(MAX_STATES);
  readonly #next = new Uint16Array(256);

  build({ log, counts }: Distribution): void {
    const size = 1 << log;
    const { symbols, bits, bases } = this;
    const next = this.#next;
    let high = size;
    for (const [symbol, count] of counts.entries()) {
      if (count === -1) symbols[--high] = symbol;
      next[symbol] = Math.abs(count);
    }
    const step = (size >> 1) + (size >> 3) + 3;
    let at = 0;
    for (const [symbol, count] of counts.entries()) {
      for (let i = 0; i < count; i++) {
        symbols[at] = symbol;
        do at = (at + step) & (size - 1);
        while (at >= high);
      }
    }
    for (let state = 0; state < size; state++) {
      const symbol = symbols[state] ?? 0;
      const value = next[symbol] ?? 0;
      next[symbol] = value + 1;
      const width = log - (31 - Math.clz32(value));
      bits[state] = width;
      bases[state] = (value << width) - size;
    }
    this.log = log;
  }

  /** Every state is this symbol, and takes no bits. */
  repeat(symbol: number): void {
    this.log = 0;
    this.symbols[0] = symbol;
    this.bits[0] = 0;
    this.bases[0] = 0;
  }
}

/** Reads a distribution (RFC 8878, 4.1.1); `end`: where what follows it begins. */
export function readDistribution(
  view: DataView,
  start: number,
  limit: number,
  { maxLog, maxSymbol }: { readonly maxLog: number; readonly maxSymbol: number },
): Distribution & { readonly end: number } {
  let at = start * 8;
  const read = (count: number): number => {
    const value = (view.getInt32(at >> 3, true) >>> (at & 7)) & ((1 << count) - 1);
    at += count;
    if (at > limit * 8) throw invalid("its zstd data has a table that is cut off");
    return value;
  };
  const log = read(4) + 5;
  if (log > maxLog) throw invalid("its zstd data has a table that is too large");
  const counts: number[] = [];
  for (let left = 1 << log; left > 0;) {
    if (counts.length > maxSymbol) throw invalid("its zstd data has a table with too many symbols");
    const width = 32 - Math.clz32(left + 1);
    // Values that do not need the last bit go without it.
    const short = (1 << width) - 1 - (left + 1);
    let value = read(width - 1);
    if (value >= short) {
      value += read(1) << (width - 1);
      if (value >= 1 << (width - 1)) value -= short;
    }
    const count = value - 1;
    left -= Math.abs(count);
    counts.push(count);
    if (left < 0) throw invalid("its zstd data has a table that does not add up");
    for (let more = count === 0 ? 3 : 0; more === 3;) {
      more = read(2);
      for (let i = 0; i < more; i++) counts.push(0);
    }
  }
  if (counts.length > maxSymbol + 1) throw invalid("its zstd data has a table with too many symbols");
  return { log, counts, end: (at + 7) >> 3 };
}
