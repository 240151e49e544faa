// What assembling WebAssembly needs: numbers as LEB128, sections, and a file with the code in base64.
import { writeFileSync } from "node:fs";

const MAGIC_AND_VERSION = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
export const I32 = 0x7f;
export const I64 = 0x7e;

/** A number that is never negative. */
export const unsigned = (value) =>
  value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];

/** A constant of 32 or 64 bits. */
export const signed = (value) => {
  const big = BigInt(value);
  const low = Number(big & 0x7fn);
  const rest = big >> 7n;
  const isLast = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0);
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
};

const section = (id, ...content) => [id, ...unsigned(content.length), ...content];
const name = (text) => [text.length, ...Buffer.from(text)];

export const get = (local) => [0x20, local];
export const set = (local, value) => [...value, 0x21, local];
export const number = (value) => [0x41, ...signed(value | 0)];
/** Values, with an operation between each two. */
export const binary =
  (opcode) =>
  (...values) =>
    values.flatMap((value, index) => (index === 0 ? value : [...value, opcode]));
/** Repeats its body as long as the condition holds. */
export const loop = (body, condition) => [0x03, 0x40, ...body, ...condition, 0x0d, 0, 0x0b];
/** Repeats a block from the first parameter, which it brings forward, up to the second. */
export const untilEnd = (block) => loop(block, [...get(0), ...get(1), 0x46, 0x45]);

/** A module with a page of memory, of which `data` is the beginning, and one function of two places in it. */
export function assemble(exported, code, data = []) {
  const body = [...code, 0x0b];
  return Buffer.from([
    ...MAGIC_AND_VERSION,
    ...section(1, 1, 0x60, 2, I32, I32, 0),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...name("memory"), 2, 0, ...name(exported), 0, 0),
    ...section(10, 1, ...unsigned(body.length), ...body),
    ...(data.length > 0 ? section(11, 1, 0, ...number(0), 0x0b, ...unsigned(data.length), ...data) : []),
  ]);
}

/** Writes a source with the code, and with what else its user has to know. */
export function writeSource(path, script, constant, code, rest) {
  const lines = code.toString("base64").match(/.{1,100}/g) ?? [];
  writeFileSync(
    path,
    `/** What .ci/${script} assembles: WebAssembly, in base64. */
export const ${constant} =
${lines.map((line) => `  "${line}"`).join(" +\n")};

${rest}`,
  );
}
