import type { SeccompCondition, SeccompProfile, SeccompTarget } from "../../../runtime/seccomp/types.ts";

/** What struct seccomp_data holds. */
export interface Call {
  readonly number: number;
  readonly architecture: number;
  readonly args?: readonly bigint[];
}

export const AUDIT = { x86_64: 0xc000003e, x86: 0x40000003, aarch64: 0xc00000b7, arm: 0x40000028 } as const;

/** Runs a filter as the kernel would (linux/filter.h), for what seccomp allows of BPF. */
export function runFilter(program: Uint8Array, call: Call): { action: number; steps: number } {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(call.number >>> 0, 0);
  data.writeUInt32LE(call.architecture, 4);
  for (const [index, value] of (call.args ?? []).entries())
    data.writeBigUInt64LE(BigInt.asUintN(64, value), 16 + 8 * index);
  const code = Buffer.from(program);
  let accumulator = 0;
  for (let at = 0, steps = 1; ; at++, steps++) {
    const opcode = code.readUInt16LE(8 * at);
    const [yes, no, k] = [
      code.readUInt8(8 * at + 2),
      code.readUInt8(8 * at + 3),
      code.readUInt32LE(8 * at + 4),
    ];
    const jump = (holds: boolean): number => (holds ? yes : no);
    if (opcode === 0x06) return { action: k, steps };
    else if (opcode === 0x20) accumulator = data.readUInt32LE(k);
    else if (opcode === 0x54) accumulator = (accumulator & k) >>> 0;
    else if (opcode === 0x05) at += k;
    else if (opcode === 0x15) at += jump(accumulator === k);
    else if (opcode === 0x25) at += jump(accumulator > k);
    else if (opcode === 0x35) at += jump(accumulator >= k);
    else throw new Error(`instruction ${at} has opcode ${opcode}`);
  }
}

/** What a profile says of a call by name: read off its rules one by one, without any cleverness. */
export function judge(
  profile: SeccompProfile,
  target: SeccompTarget,
  go: string,
  name: string,
  args: readonly bigint[],
): number {
  let conditional: number | undefined;
  for (const { names, action, conditions = [], where, except } of profile.rules) {
    if (!names.includes(name)) continue;
    const capable = (one: number): boolean => target.capabilities.includes(one);
    if (except?.architectures?.includes(go) || except?.capabilities?.some(capable)) continue;
    if (where?.architectures && !where.architectures.includes(go)) continue;
    if (where?.capabilities && !where.capabilities.every(capable)) continue;
    if (conditions.length === 0) return action;
    if (conditional === undefined && conditions.every((one) => holds(one, args))) conditional = action;
  }
  return conditional ?? profile.defaultAction;
}

function holds({ argument, operator, value, mask = 0n }: SeccompCondition, args: readonly bigint[]): boolean {
  const actual = BigInt.asUintN(64, args[argument] ?? 0n);
  switch (operator) {
    case "==":
      return actual === value;
    case "!=":
      return actual !== value;
    case "<":
      return actual < value;
    case "<=":
      return actual <= value;
    case ">":
      return actual > value;
    case ">=":
      return actual >= value;
    case "masked==":
      return (actual & mask) === value;
  }
}
