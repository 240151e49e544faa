import { BitReader } from "./bit-reader.ts";
import { readBlock } from "./bzip2-block.ts";
import { invalid } from "./invalid-archive.ts";

/**
 * bzip2 for ADD. The libraries there are collect a whole input's output before anybody can wait, at a quarter of the
 * speed; here one block is in memory, whatever it unfolds to.
 */
export async function* bunzip2(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const input = new BitReader();
  const chunks = source[Symbol.asyncIterator]();
  let ended = false;
  const fill = async (): Promise<void> => {
    const parts: Uint8Array[] = [];
    for (let size = input.left; size < ENOUGH && !ended;) {
      const next = await chunks.next();
      if (next.done === true) ended = true;
      else {
        // A copy: the source may use its memory again.
        parts.push(Uint8Array.from(next.value));
        size += next.value.length;
      }
    }
    if (parts.length > 0) input.add(parts);
  };
  try {
    let streams = 0;
    for (;;) {
      await fill();
      // Streams may follow one another (pbzip2 writes them so), with zeros behind them.
      if (streams++ > 0 && input.onlyZerosLeft()) return;
      yield* readStream(input, fill);
      input.align();
    }
  } finally {
    if (!ended) await chunks.return?.();
  }
}

/** More than any block takes: 900,000 symbols of 20 bits, and its tables. */
const ENOUGH = 2_500_000;
const BLOCK_MAGIC = [0x314159, 0x265359] as const;
const END_MAGIC = [0x177245, 0x385090] as const;
const OUTPUT = 256 * 1024;

async function* readStream(input: BitReader, fill: () => Promise<void>): AsyncGenerator<Buffer> {
  if (input.bits(24) !== 0x425a68) throw invalid("its bzip2 header is wrong");
  const level = input.bits(8) - 0x30;
  if (level < 1 || level > 9) throw invalid("its bzip2 header is wrong");
  const block = new Uint32Array(level * 100_000);
  let combined = 0;
  for (;;) {
    await fill();
    const magic = [input.bits(24), input.bits(24)] as const;
    const expected = input.bits(16) * 0x10000 + input.bits(16);
    if (magic[0] === END_MAGIC[0] && magic[1] === END_MAGIC[1]) {
      if (expected !== combined) throw invalid("its bzip2 checksum is wrong");
      return;
    }
    if (magic[0] !== BLOCK_MAGIC[0] || magic[1] !== BLOCK_MAGIC[1])
      throw invalid("its bzip2 data is damaged");
    const { size, origin } = readBlock(input, block);
    const checksum = yield* unfold(block, size, origin);
    if (checksum !== expected) throw invalid("its bzip2 checksum is wrong");
    combined = (((combined << 1) | (combined >>> 31)) ^ checksum) >>> 0;
  }
}

/** Undoes the transform and the runs of four and more; returns the checksum of what came out. */
function* unfold(block: Uint32Array, size: number, origin: number): Generator<Buffer, number> {
  const starts = new Uint32Array(257);
  for (let i = 0; i < size; i++)
    starts[((block[i] ?? 0) & 0xff) + 1] = (starts[((block[i] ?? 0) & 0xff) + 1] ?? 0) + 1;
  for (let i = 1; i < 257; i++) starts[i] = (starts[i] ?? 0) + (starts[i - 1] ?? 0);
  // The upper 24 bits of each place become the place of the byte that follows.
  for (let i = 0; i < size; i++) {
    const byte = (block[i] ?? 0) & 0xff;
    const place = starts[byte] ?? 0;
    starts[byte] = place + 1;
    block[place] = ((block[place] ?? 0) | (i << 8)) >>> 0;
  }
  let output = Buffer.allocUnsafe(OUTPUT);
  let filled = 0;
  const table = checksums();
  let checksum = 0xffffffff;
  let at = (block[origin] ?? 0) >>> 8;
  let last = -1;
  let same = 0;
  for (let i = 0; i < size; i++) {
    const entry = block[at] ?? 0;
    const byte = entry & 0xff;
    at = entry >>> 8;
    let times = 1;
    let value = byte;
    if (same === 4) {
      [times, value, same] = [byte, last, 0];
      last = -1;
    } else {
      same = byte === last ? same + 1 : 1;
      last = byte;
    }
    if (filled + times > OUTPUT) {
      yield output.subarray(0, filled);
      output = Buffer.allocUnsafe(OUTPUT);
      filled = 0;
    }
    for (let time = 0; time < times; time++) {
      output[filled++] = value;
      checksum = ((checksum << 8) ^ (table[((checksum >>> 24) ^ value) & 0xff] ?? 0)) >>> 0;
    }
  }
  if (filled > 0) yield output.subarray(0, filled);
  return ~checksum >>> 0;
}

/** CRC-32 with the highest bit first, which zlib's is not. */
function checksums(): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte << 24;
    for (let bit = 0; bit < 8; bit++) value = value < 0 ? (value << 1) ^ 0x04c11db7 : value << 1;
    return value >>> 0;
  });
}
