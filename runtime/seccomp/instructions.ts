import type { SeccompCondition } from "./types.ts";

/** One instruction of a classic BPF program (linux/filter.h). Jumps count the instructions that they leave out. */
export interface Instruction {
  readonly code: number;
  readonly k: number;
  readonly yes?: number;
  readonly no?: number;
}

const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER = 0x25;
const JUMP_GREATER_EQUAL = 0x35;
const RETURN_CONSTANT = 0x06;
const SHORT_JUMP = 255;

/** Offsets in struct seccomp_data; the lower half of an argument comes first on both of our architectures. */
const NUMBER = 0;
const ARCHITECTURE = 4;
const ARGUMENTS = 16;

export const loadNumber: Instruction = { code: LOAD_WORD, k: NUMBER };
export const loadArchitecture: Instruction = { code: LOAD_WORD, k: ARCHITECTURE };

export function answer(action: number): Instruction {
  return { code: RETURN_CONSTANT, k: action };
}

/** Below `limit` the one, else the other. */
export function splitAt(limit: number, below: Instruction[], above: Instruction[]): Instruction[] {
  if (below.length <= SHORT_JUMP)
    return [{ code: JUMP_GREATER_EQUAL, k: limit, yes: below.length, no: 0 }, ...below, ...above];
  const far = { code: JUMP, k: below.length };
  return [{ code: JUMP_GREATER_EQUAL, k: limit, yes: 0, no: 1 }, far, ...below, ...above];
}

/** Where what was loaded is `value` the one, else the other. */
export function whenEqual(value: number, same: Instruction[], other: Instruction[]): Instruction[] {
  const far = { code: JUMP, k: same.length };
  return [{ code: JUMP_EQUAL, k: value, yes: 1, no: 0 }, far, ...same, ...other];
}

function equal(k: number, yes: number, no: number): Instruction {
  return { code: JUMP_EQUAL, k, yes, no };
}

function greater(k: number, yes: number, no: number): Instruction {
  return { code: JUMP_GREATER, k, yes, no };
}

function least(k: number, yes: number, no: number): Instruction {
  return { code: JUMP_GREATER_EQUAL, k, yes, no };
}

function and(k: number): Instruction {
  return { code: AND, k };
}

/** Goes on into `then` where the condition holds, and behind it where not. */
export function whenHolds(condition: SeccompCondition, then: Instruction[]): Instruction[] {
  const { argument, operator, value, mask = 0n } = condition;
  const low = { code: LOAD_WORD, k: ARGUMENTS + 8 * argument };
  const high = { code: LOAD_WORD, k: ARGUMENTS + 8 * argument + 4 };
  const [lowValue, highValue] = halves(value);
  const [lowMask, highMask] = halves(mask);
  const past = then.length;
  switch (operator) {
    case "==":
      return [high, equal(highValue, 0, 2 + past), low, equal(lowValue, 0, past), ...then];
    case "!=":
      return [high, equal(highValue, 0, 2), low, equal(lowValue, past, 0), ...then];
    case "masked==": {
      return [
        high,
        and(highMask),
        equal(highValue, 0, 3 + past),
        low,
        and(lowMask),
        equal(lowValue, 0, past),
        ...then,
      ];
    }
    case ">":
    case ">=": {
      const last = operator === ">" ? greater(lowValue, 0, past) : least(lowValue, 0, past);
      return [high, greater(highValue, 3, 0), equal(highValue, 0, 2 + past), low, last, ...then];
    }
    case "<":
    case "<=": {
      const last = operator === "<" ? least(lowValue, past, 0) : greater(lowValue, past, 0);
      return [high, greater(highValue, 3 + past, 0), equal(highValue, 0, 2), low, last, ...then];
    }
  }
}

/** The program as the kernel takes it: struct sock_filter, eight bytes each. */
export function assemble(instructions: readonly Instruction[]): Buffer {
  const program = Buffer.alloc(8 * instructions.length);
  for (const [index, { code, k, yes = 0, no = 0 }] of instructions.entries()) {
    program.writeUInt16LE(code, 8 * index);
    program[8 * index + 2] = yes;
    program[8 * index + 3] = no;
    program.writeUInt32LE(k >>> 0, 8 * index + 4);
  }
  return program;
}

function halves(value: bigint): [low: number, high: number] {
  return [Number(value & 0xffffffffn), Number((value >> 32n) & 0xffffffffn)];
}
