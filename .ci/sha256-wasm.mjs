// Assembles builder/core/sha256-code.ts: the compression function of SHA-256 (FIPS 180-4, 6.2.2) in WebAssembly, which is
// there in a third of a millisecond, where node:crypto takes five to load and to leave.
import { fileURLToPath } from "node:url";
import { assemble, binary, get, I32, loop, number, set, unsigned, untilEnd, writeSource } from "./wasm.mjs";

/** Where things lie in its memory, in bytes; sha256-small.ts knows STATE and INPUT. */
const [CONSTANTS, STATE, SCHEDULE, INPUT] = [0, 256, 512, 1024];

const load = (at, offset) => [...at, 0x28, 2, ...unsigned(offset)];
const store = (at, value, offset) => [...at, ...value, 0x36, 2, ...unsigned(offset)];
const [add, and, xor, or] = [0x6a, 0x71, 0x73, 0x72].map(binary);
const [rightShift, rotateLeft, rotateRight, less] = [0x76, 0x77, 0x78, 0x49].map(binary);

/** Locals: the parameters, a counter in bytes, two sums, a word, and the eight working variables. */
const [AT, , I, T1, T2, WORD, A, B, C, D, E, F, G, H] = Array.from({ length: 14 }, (_, index) => index);
const VARIABLES = [A, B, C, D, E, F, G, H];

const rotations = (value, ...counts) => xor(...counts.map((count) => rotateRight(value, number(count))));
const small = (value, first, second, shift) =>
  xor(rotations(value, first, second), rightShift(value, number(shift)));
const schedule = (back) => load(get(I), SCHEDULE - back * 4);
const swapped = (word) =>
  or(
    and(rotateLeft(word, number(8)), number(0x00ff00ff)),
    and(rotateRight(word, number(8)), number(0xff00ff00)),
  );
const next = (end) => [...set(I, add(get(I), number(4))), ...less(get(I), number(end))];

const block = [
  ...set(I, number(0)),
  ...loop(
    [...set(WORD, load(add(get(AT), get(I)), 0)), ...store(get(I), swapped(get(WORD)), SCHEDULE)],
    next(64),
  ),
  ...loop(
    store(
      get(I),
      add(small(schedule(2), 17, 19, 10), schedule(7), small(schedule(15), 7, 18, 3), schedule(16)),
      SCHEDULE,
    ),
    next(256),
  ),
  ...VARIABLES.flatMap((local, index) => set(local, load(number(STATE), index * 4))),
  ...set(I, number(0)),
  ...loop(
    [
      ...set(
        T1,
        add(
          get(H),
          rotations(get(E), 6, 11, 25),
          xor(and(get(E), get(F)), and(xor(get(E), number(-1)), get(G))),
          load(get(I), CONSTANTS),
          load(get(I), SCHEDULE),
        ),
      ),
      ...set(
        T2,
        add(rotations(get(A), 2, 13, 22), xor(and(get(A), get(B)), and(get(A), get(C)), and(get(B), get(C)))),
      ),
      ...[H, G, F].flatMap((local) => set(local, get(local - 1))),
      ...set(E, add(get(D), get(T1))),
      ...[D, C, B].flatMap((local) => set(local, get(local - 1))),
      ...set(A, add(get(T1), get(T2))),
    ],
    next(256),
  ),
  ...VARIABLES.flatMap((local, index) =>
    store(number(STATE), add(load(number(STATE), index * 4), get(local)), index * 4),
  ),
  ...set(AT, add(get(AT), number(64))),
];
const code = [1, 12, I32, ...untilEnd(block)];

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4, 4.2.2). */
function constants() {
  const primes = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  return primes.flatMap((prime) => {
    // floor(cbrt(prime) * 2^32), exactly.
    const cube = BigInt(prime) << 96n;
    let root = 0n;
    for (let bit = 1n << 35n; bit > 0n; bit >>= 1n) if ((root | bit) ** 3n <= cube) root |= bit;
    const word = Number(root & 0xffffffffn);
    return [0, 8, 16, 24].map((shift) => (word >>> shift) & 0xff);
  });
}

writeSource(
  process.argv[2] ?? fileURLToPath(new URL("../builder/core/sha256-code.ts", import.meta.url)),
  "sha256-wasm.mjs",
  "SHA256_CODE",
  assemble("compress", code, constants()),
  `/** Where its memory has the state, eight words, and where the blocks are read from. */
export const SHA256_PLACES = { state: ${STATE}, input: ${INPUT} } as const;
`,
);
