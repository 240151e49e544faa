import { TsbuildError } from "../../builder/core/errors.ts";
import {
  answer,
  assemble,
  loadArchitecture,
  loadNumber,
  splitAt,
  whenEqual,
  whenHolds,
  type Instruction,
} from "./instructions.ts";
import { callNumbers, type CallTable } from "./syscalls.ts";
import { RETURN, type SeccompProfile, type SeccompRule, type SeccompTarget } from "./types.ts";

const ENOSYS = 38;
/** Set in the numbers of x32's calls (arch/x86/include/uapi/asm/unistd.h). */
const X32_BIT = 0x40000000;
/** BPF_MAXINSNS */
const MOST_INSTRUCTIONS = 4096;

/** AUDIT_ARCH_* of linux/audit.h and what libseccomp calls it, the machine's own first; `x32` shares x86-64's number. */
const MACHINES: Readonly<Record<string, { go: string; calls: readonly (readonly [CallTable, number])[] }>> = {
  x64: {
    go: "amd64",
    calls: [
      ["x86_64", 0xc000003e],
      ["x86", 0x40000003],
    ],
  },
  arm64: {
    go: "arm64",
    calls: [
      ["aarch64", 0xc00000b7],
      ["arm", 0x40000028],
    ],
  },
};

/** What a call's number leads to: an action, or rules that ask for its arguments. */
type Verdict = number | readonly SeccompRule[];

/** Turns a profile into a filter for seccomp(2); what it does with a call is what libseccomp and runc would make of it. */
export function compileProfile(profile: SeccompProfile, target: SeccompTarget): Buffer {
  const machine = MACHINES[target.machine];
  if (machine === undefined)
    throw new TsbuildError("UNSUPPORTED", `Cannot make a seccomp filter for ${target.machine} machines`);
  const rules = profile.rules.filter((rule) => applies(rule, target, machine.go));
  const [native] = machine.calls;
  const known = (name: string): boolean =>
    profile.architectures.length === 0 ? name === native?.[0] : profile.architectures.includes(name);
  let program: Instruction[] = [answer(RETURN.killProcess)];
  for (const [table, number] of [...machine.calls].reverse()) {
    if (!known(table)) continue;
    program = whenEqual(number, callsOf(table, profile, rules, known), program);
  }
  program = [loadArchitecture, ...program];
  if (program.length > MOST_INSTRUCTIONS)
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use the seccomp profile: it comes to ${program.length} instructions, and the kernel takes ${MOST_INSTRUCTIONS}`,
    );
  return assemble(program);
}

function applies({ where, except }: SeccompRule, target: SeccompTarget, go: string): boolean {
  const has = (capability: number): boolean => target.capabilities.includes(capability);
  const reached = ([major, minor]: readonly [number, number]): boolean =>
    target.kernel[0] > major || (target.kernel[0] === major && target.kernel[1] >= minor);
  if (except?.architectures?.includes(go)) return false;
  if (except?.capabilities?.some(has)) return false;
  if (except?.kernel !== undefined && reached(except.kernel)) return false;
  if (where?.architectures !== undefined && !where.architectures.includes(go)) return false;
  if (where?.capabilities !== undefined && !where.capabilities.every(has)) return false;
  return where?.kernel === undefined || reached(where.kernel);
}

function callsOf(
  table: CallTable,
  profile: SeccompProfile,
  rules: readonly SeccompRule[],
  known: (name: string) => boolean,
): Instruction[] {
  const calls = decide(callNumbers(table), 0, profile, rules);
  if (table !== "x86_64") return [loadNumber, ...calls];
  const x32 = known("x32")
    ? decide(callNumbers("x32"), X32_BIT, profile, rules)
    : [answer(RETURN.killProcess)];
  return [loadNumber, ...splitAt(X32_BIT, calls, x32)];
}

/** A tree of comparisons over the numbers of one architecture, from `base` on. */
function decide(
  numbers: ReadonlyMap<string, number>,
  base: number,
  profile: SeccompProfile,
  rules: readonly SeccompRule[],
): Instruction[] {
  const verdicts = verdictsOf(numbers, rules);
  const ordered = [...verdicts].sort(([a], [b]) => a - b);
  const starts: { readonly at: number; readonly verdict: Verdict }[] = [];
  const begin = (at: number, verdict: Verdict): void => {
    const last = starts.at(-1);
    if (last?.verdict === verdict) return;
    if (last?.at === at) starts.pop();
    if (starts.at(-1)?.verdict !== verdict) starts.push({ at, verdict });
  };
  begin(base, profile.defaultAction);
  for (const [number, verdict] of ordered) {
    begin(base + number, verdict);
    begin(base + number + 1, profile.defaultAction);
  }
  // A call that is newer than the profile is not there, rather than forbidden: C libraries then use an older one
  // (runc libcontainer/seccomp/patchbpf).
  const [newest = -1] = ordered.at(-1) ?? [];
  if (isForbidding(profile.defaultAction)) begin(base + newest + 1, RETURN.errno | ENOSYS);
  return tree(starts, profile.defaultAction);
}

function isForbidding(action: number): boolean {
  const kind = (action & 0x7fff0000) >>> 0;
  return kind !== RETURN.allow && kind !== RETURN.log && kind !== RETURN.trace;
}

/** A rule without conditions goes before those with some, as in libseccomp. */
function verdictsOf(
  numbers: ReadonlyMap<string, number>,
  rules: readonly SeccompRule[],
): Map<number, Verdict> {
  const verdicts = new Map<number, Verdict>();
  for (const rule of rules) {
    for (const name of rule.names) {
      const number = numbers.get(name);
      const before = number === undefined ? 0 : verdicts.get(number);
      if (number === undefined || typeof before === "number") continue;
      const plain = (rule.conditions ?? []).length === 0;
      verdicts.set(number, plain ? rule.action : [...(before ?? []), rule]);
    }
  }
  return verdicts;
}

function tree(
  starts: readonly { readonly at: number; readonly verdict: Verdict }[],
  otherwise: number,
): Instruction[] {
  const half = Math.ceil(starts.length / 2);
  const [first, middle] = [starts[0], starts[half]];
  if (first === undefined) return [answer(otherwise)];
  if (middle !== undefined)
    return splitAt(middle.at, tree(starts.slice(0, half), otherwise), tree(starts.slice(half), otherwise));
  if (typeof first.verdict === "number") return [answer(first.verdict)];
  return [...first.verdict.flatMap(ruleCode), answer(otherwise)];
}

function ruleCode({ conditions = [], action }: SeccompRule): Instruction[] {
  return conditions.reduceRight<Instruction[]>((then, one) => whenHolds(one, then), [answer(action)]);
}
