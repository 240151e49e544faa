import { TsbuildError, messageOf } from "../../builder/core/errors.ts";
import { didYouMean } from "../../builder/core/suggest.ts";
import { CAPABILITIES } from "../plan/capabilities.ts";
import {
  RETURN,
  type SeccompCondition,
  type SeccompProfile,
  type SeccompRule,
  type SeccompScope,
} from "./types.ts";

const EPERM = 1;
const MOST_ARGUMENTS = 6;

const ACTIONS: Readonly<Record<string, number>> = {
  SCMP_ACT_KILL: RETURN.killThread,
  SCMP_ACT_KILL_THREAD: RETURN.killThread,
  SCMP_ACT_KILL_PROCESS: RETURN.killProcess,
  SCMP_ACT_TRAP: RETURN.trap,
  SCMP_ACT_ERRNO: RETURN.errno,
  SCMP_ACT_TRACE: RETURN.trace,
  SCMP_ACT_ALLOW: RETURN.allow,
  SCMP_ACT_LOG: RETURN.log,
};

const OPERATORS: Readonly<Record<string, SeccompCondition["operator"]>> = {
  SCMP_CMP_NE: "!=",
  SCMP_CMP_LT: "<",
  SCMP_CMP_LE: "<=",
  SCMP_CMP_EQ: "==",
  SCMP_CMP_GE: ">=",
  SCMP_CMP_GT: ">",
  SCMP_CMP_MASKED_EQ: "masked==",
};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a profile in docker's JSON (moby profiles/seccomp, which is the OCI runtime specification's with scopes);
 * undefined where it is empty and so confines nothing. `what` names it in errors.
 */
export function parseProfile(text: string, what: string): SeccompProfile | undefined {
  const wrong = (state: string, hint?: string): TsbuildError =>
    new TsbuildError("USAGE", `Cannot use seccomp profile ${what}: ${state}`, { hint });
  const reader = new ProfileReader(wrong);
  let json: unknown;
  try {
    // Arguments are 64-bit numbers, which JSON.parse would round.
    json = JSON.parse(text.replace(/("value(?:Two)?"\s*:\s*)(\d+)/g, '$1"$2"')) as unknown;
  } catch (cause) {
    throw wrong(`it is not JSON (${messageOf(cause)})`);
  }
  const profile = reader.object(json, "it");
  const syscalls = reader.list(profile["syscalls"], "syscalls");
  if (profile["defaultAction"] === undefined && syscalls.length === 0) return undefined;
  return {
    defaultAction: reader.action(profile["defaultAction"], profile["defaultErrnoRet"], "defaultAction"),
    architectures: reader.architectures(profile),
    rules: syscalls.flatMap((one, index) => reader.rules(one, `syscalls[${index}]`)),
  };
}

class ProfileReader {
  readonly #wrong: (state: string, hint?: string) => TsbuildError;

  constructor(wrong: (state: string, hint?: string) => TsbuildError) {
    this.#wrong = wrong;
  }

  object(value: unknown, place: string): Fields {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Fields;
    throw this.#wrong(`${place} is not an object`);
  }

  list(value: unknown, place: string): readonly unknown[] {
    if (value === undefined || value === null) return [];
    if (Array.isArray(value)) return value as readonly unknown[];
    throw this.#wrong(`${place} is not a list`);
  }

  action(value: unknown, errno: unknown, place: string): number {
    const action = this.#oneOf(ACTIONS, value, place);
    const takesNumber = action === RETURN.errno || action === RETURN.trace;
    if (errno === undefined || errno === null) return takesNumber ? action | EPERM : action;
    if (!takesNumber) throw this.#wrong(`${place} takes no number of an error`);
    return action | this.#integer(errno, 0xffff, `the number of an error for ${place}`);
  }

  /** `archMap` is for every machine; of it counts what is under this machine's own (moby seccomp_linux.go). */
  architectures(profile: Fields): string[] {
    const map = this.list(profile["archMap"], "archMap");
    const plain = this.#strings(profile["architectures"], "architectures");
    if (map.length > 0 && plain.length > 0)
      throw this.#wrong("it has both architectures and archMap", "leave one of them out");
    const native = process.arch === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64";
    const mapped = map.flatMap((one, index) => {
      const entry = this.object(one, `archMap[${index}]`);
      if (entry["architecture"] !== native) return [];
      return [native, ...this.#strings(entry["subArchitectures"], `archMap[${index}].subArchitectures`)];
    });
    return [...mapped, ...plain].map((name) => name.replace(/^SCMP_ARCH_/, "").toLowerCase());
  }

  rules(value: unknown, place: string): SeccompRule[] {
    const rule = this.object(value, place);
    const { name } = rule;
    const names = this.#strings(rule["names"], `${place}.names`);
    if (name !== undefined && typeof name !== "string") throw this.#wrong(`${place}.name is not a string`);
    if (name !== undefined && name !== "" && names.length > 0)
      throw this.#wrong(`${place} has both name and names`, "leave one of them out");
    const common = {
      names: name === undefined || name === "" ? names : [name],
      action: this.action(rule["action"], rule["errnoRet"], `${place}.action`),
      ...this.#scope(rule["includes"], `${place}.includes`, "where"),
      ...this.#scope(rule["excludes"], `${place}.excludes`, "except"),
    };
    const conditions = this.list(rule["args"], `${place}.args`).map((one, index) =>
      this.#condition(one, `${place}.args[${index}]`),
    );
    // Several conditions on one argument are alternatives, as libseccomp knows no other (runc seccomp_linux.go).
    const asked = conditions.map((one) => one.argument);
    if (new Set(asked).size === asked.length) return [{ ...common, conditions }];
    return conditions.map((one) => ({ ...common, conditions: [one] }));
  }

  #condition(value: unknown, place: string): SeccompCondition {
    const fields = this.object(value, place);
    const argument = this.#integer(fields["index"], MOST_ARGUMENTS - 1, `${place}.index`);
    const operator = this.#oneOf(OPERATORS, fields["op"], `${place}.op`);
    const first = this.#wide(fields["value"], `${place}.value`);
    if (operator !== "masked==") return { argument, operator, value: first };
    return { argument, operator, mask: first, value: this.#wide(fields["valueTwo"], `${place}.valueTwo`) };
  }

  #scope<K extends string>(value: unknown, place: string, key: K): { readonly [P in K]?: SeccompScope } {
    if (value === undefined || value === null) return {};
    const fields = this.object(value, place);
    const architectures = this.#strings(fields["arches"], `${place}.arches`);
    const capabilities = this.#strings(fields["caps"], `${place}.caps`).map(
      // A capability that no kernel of ours has is one that nobody has.
      (name) => CAPABILITIES.get(name.replace(/^CAP_/, "")) ?? -1,
    );
    const kernel = this.#kernel(fields["minKernel"], `${place}.minKernel`);
    const scope: SeccompScope = {
      ...(architectures.length === 0 ? {} : { architectures }),
      ...(capabilities.length === 0 ? {} : { capabilities }),
      ...(kernel === undefined ? {} : { kernel }),
    };
    return { [key]: scope } as { readonly [P in K]?: SeccompScope };
  }

  #kernel(value: unknown, place: string): readonly [number, number] | undefined {
    if (value === undefined || value === null || value === "") return undefined;
    const [, major, minor] = (typeof value === "string" && /^(\d+)\.(\d+)$/.exec(value)) || [];
    if (major === undefined || minor === undefined) throw this.#wrong(`${place} is not MAJOR.MINOR`);
    return [Number(major), Number(minor)];
  }

  #strings(value: unknown, place: string): string[] {
    return this.list(value, place).map((one) => {
      if (typeof one === "string") return one;
      throw this.#wrong(`${place} holds what is not a string`);
    });
  }

  #integer(value: unknown, most: number, place: string): number {
    if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw this.#wrong(`${place} is not a number from 0 to ${most}`);
  }

  #wide(value: unknown, place: string): bigint {
    const wide = typeof value === "string" && /^\d{1,20}$/.test(value) ? BigInt(value) : undefined;
    if (value === undefined || value === null) return 0n;
    if (wide !== undefined && wide < 1n << 64n) return wide;
    throw this.#wrong(`${place} is not a number of 64 bits`);
  }

  #oneOf<T>(table: Readonly<Record<string, T>>, value: unknown, place: string): T {
    const found = typeof value === "string" && Object.hasOwn(table, value) ? table[value] : undefined;
    if (found !== undefined) return found;
    const hint = typeof value === "string" ? didYouMean(value, Object.keys(table)) : undefined;
    throw this.#wrong(
      `${place} is ${JSON.stringify(value) ?? "missing"}, not one of ${Object.keys(table).join(", ")}`,
      hint,
    );
  }
}
