import type { ResourceLimits, SandboxSettings } from "../../../runtime/limits/types.ts";
import { usageError } from "../flags.ts";
import {
  byteSize,
  countOrUnlimited,
  groupPath,
  hostEntry,
  memorySize,
  numberList,
  processorCount,
  resourceLimit,
} from "../limit-values.ts";
import type { FlagValues } from "../types.ts";
import type { limitFlags } from "./sandbox-flags.ts";

type Flags = FlagValues<ReturnType<typeof limitFlags>>;
type Written<T> = { -readonly [K in keyof T]: T[K] };

/** Reads the flags that hold steps, or a container. */
export function sandboxSettings(command: string, flags: Flags): SandboxSettings {
  const settings: Written<SandboxSettings> = {
    limits: limitsOf(command, flags),
    ulimits: flags.ulimit.map((text) => resourceLimit(command, text)),
    hosts: flags["add-host"].map((text) => hostEntry(command, text)),
  };
  if (flags["shm-size"] !== undefined) settings.shmSize = byteSize(command, "--shm-size", flags["shm-size"]);
  if (flags["cgroup-parent"] !== undefined)
    settings.cgroupParent = groupPath(command, "--cgroup-parent", flags["cgroup-parent"]);
  return settings;
}

function limitsOf(command: string, flags: Flags): ResourceLimits {
  const limits: Written<ResourceLimits> = {};
  const { memory, cpus } = flags;
  const swap = flags["memory-swap"];
  if (memory !== undefined) limits.memory = memorySize(command, "--memory", memory);
  if (swap !== undefined) {
    if (limits.memory === undefined)
      throw usageError(command, "Cannot use --memory-swap without --memory", "add --memory SIZE");
    limits.memorySwap = swap === "-1" ? Number.POSITIVE_INFINITY : byteSize(command, "--memory-swap", swap);
    if (limits.memorySwap < limits.memory)
      throw usageError(command, `Cannot use --memory-swap ${swap}: it is memory and swap together`);
  }
  if (cpus !== undefined) limits.cpus = processorCount(command, "--cpus", cpus);
  const shares = flags["cpu-shares"];
  if (shares !== undefined) limits.cpuShares = weight(command, shares);
  for (const [flag, key] of [
    ["cpuset-cpus", "cpusetCpus"],
    ["cpuset-mems", "cpusetMems"],
  ] as const) {
    const text = flags[flag];
    if (text !== undefined) limits[key] = numberList(command, `--${flag}`, text);
  }
  const pids = flags["pids-limit"];
  if (pids !== undefined) limits.pids = countOrUnlimited(command, "--pids-limit", pids);
  return limits;
}

function weight(command: string, text: string): number {
  const shares = Number(text);
  if (/^\d+$/.test(text) && shares >= 2 && shares <= 262_144) return shares;
  throw usageError(command, `Cannot use --cpu-shares ${text}: it is not a number from 2 to 262144`);
}
