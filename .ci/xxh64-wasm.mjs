// Assembles builder/layers/zstd/xxh64-code.ts: the stripes of XXH64 (xxhash_spec.md), whose products of 64 bits JavaScript
// has only as BigInts, a hundred times as slow.
import { fileURLToPath } from "node:url";
import { assemble, binary, get, I64, number, set, signed, unsigned, untilEnd, writeSource } from "./wasm.mjs";

/** Where things lie in its memory, in bytes; xxh64.ts knows both. */
const [STATE, INPUT] = [0, 64];
const PRIMES = { first: 0x9e3779b185ebca87n, second: 0xc2b2ae3d27d4eb4fn };

const long = (value) => [0x42, ...signed(BigInt.asIntN(64, value))];
const load = (at, offset) => [...at, 0x29, 3, ...unsigned(offset)];
const store = (at, value, offset) => [...at, ...value, 0x37, 3, ...unsigned(offset)];
const [add32, add, multiply, rotateLeft] = [0x6a, 0x7c, 0x7e, 0x89].map(binary);

/** Locals: the parameters, and the four accumulators. */
const [AT, , A, B, C, D] = Array.from({ length: 6 }, (_, index) => index);
const ACCUMULATORS = [A, B, C, D];

const round = (accumulator, lane) =>
  multiply(rotateLeft(add(accumulator, multiply(lane, long(PRIMES.second))), long(31n)), long(PRIMES.first));
const stripe = [
  ...ACCUMULATORS.flatMap((local, index) => set(local, round(get(local), load(get(AT), index * 8)))),
  ...set(AT, add32(get(AT), number(32))),
];
const code = [
  1,
  ACCUMULATORS.length,
  I64,
  ...ACCUMULATORS.flatMap((local, index) => set(local, load(number(STATE), index * 8))),
  ...untilEnd(stripe),
  ...ACCUMULATORS.flatMap((local, index) => store(number(STATE), get(local), index * 8)),
];

writeSource(
  process.argv[2] ?? fileURLToPath(new URL("../builder/layers/zstd/xxh64-code.ts", import.meta.url)),
  "xxh64-wasm.mjs",
  "XXH64_CODE",
  assemble("stripes", code),
  `/** Where its memory has the four accumulators, and where stripes are read from. */
export const XXH64_PLACES = { state: ${STATE}, input: ${INPUT} } as const;
`,
);
