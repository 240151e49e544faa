/** Which system calls a container may make: what docker's seccomp profiles say. */
export interface SeccompProfile {
  /** What happens to a call that no rule speaks of: a value of `RETURN`. */
  readonly defaultAction: number;
  /** Calls of other architectures end the caller. Empty: this machine's own architecture alone. */
  readonly architectures: readonly string[];
  readonly rules: readonly SeccompRule[];
}

export interface SeccompRule {
  /** Names that an architecture does not have say nothing about it. */
  readonly names: readonly string[];
  readonly action: number;
  /** All of them hold; none: whatever the arguments are. */
  readonly conditions?: readonly SeccompCondition[];
  /** The rule is there only where all of this is so. */
  readonly where?: SeccompScope;
  /** The rule is not there where any of this is so. */
  readonly except?: SeccompScope;
}

export interface SeccompScope {
  /** As Go and docker name them: amd64, arm64. Any of them. */
  readonly architectures?: readonly string[];
  /** Numbers of capabilities in the bounding set. */
  readonly capabilities?: readonly number[];
  /** At least this version of Linux: [major, minor]. */
  readonly kernel?: readonly [number, number];
}

/** A comparison of one argument, as an unsigned 64-bit number. */
export interface SeccompCondition {
  readonly argument: number;
  readonly operator: "==" | "!=" | "<" | "<=" | ">" | ">=" | "masked==";
  readonly value: bigint;
  /** For "masked==": (argument & mask) == value. */
  readonly mask?: bigint;
}

/** What a filter answers (linux/seccomp.h). The number of an error goes into the low 16 bits of `errno` and `trace`. */
export const RETURN = {
  allow: 0x7fff0000,
  log: 0x7ffc0000,
  trace: 0x7ff00000,
  errno: 0x00050000,
  trap: 0x00030000,
  killThread: 0x00000000,
  killProcess: 0x80000000,
} as const;

/** For whom a profile is compiled. */
export interface SeccompTarget {
  /** process.arch */
  readonly machine: string;
  /** Numbers of the capabilities in the container's bounding set. */
  readonly capabilities: readonly number[];
  readonly kernel: readonly [number, number];
}
