import { SHA256_CODE, SHA256_PLACES } from "./sha256-code.ts";
import { startWasm } from "./wasm.ts";

const { state: STATE, input: INPUT } = SHA256_PLACES;
const BLOCK = 64;
/** The mark and the length at the end (FIPS 180-4, 5.1.1). */
const TAIL = 9;
/** The first 32 bits of the fractional parts of the square roots of the first eight primes (5.3.3). */
const INITIAL = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
];

interface Machine {
  readonly bytes: Uint8Array;
  readonly words: DataView;
  compress(at: number, end: number): void;
}

let machine: Machine | undefined;

/** As many bytes as `sha256Small` takes. */
export const SMALL = 48 * 1024;

/**
 * SHA-256 of a few bytes, for processes that hash no more than some records: node:crypto computes it ten times as fast, but
 * takes five milliseconds to load and to leave, of the twenty that a cached build has.
 */
export function sha256Small(data: Uint8Array): Buffer {
  const { bytes, words, compress } = (machine ??= start());
  const end = INPUT + Math.ceil((data.length + TAIL) / BLOCK) * BLOCK;
  bytes.set(data, INPUT);
  bytes.fill(0, INPUT + data.length, end);
  bytes[INPUT + data.length] = 0x80;
  words.setUint32(end - 4, data.length * 8);
  for (const [index, word] of INITIAL.entries()) words.setUint32(STATE + index * 4, word, true);
  compress(INPUT, end);
  const digest = Buffer.allocUnsafe(32);
  for (let at = 0; at < 32; at += 4) digest.writeUInt32BE(words.getUint32(STATE + at, true), at);
  return digest;
}

function start(): Machine {
  const { memory, compress } = startWasm<Pick<Machine, "compress">>(SHA256_CODE);
  return { bytes: new Uint8Array(memory), words: new DataView(memory), compress };
}
