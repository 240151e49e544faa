import { didYouMean } from "../../core/suggest.ts";
import type { BuildOptions, Entitlement } from "../../api/types.ts";
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
import type { SANDBOX_FLAGS } from "./sandbox-flags.ts";

type Flags = FlagValues<typeof SANDBOX_FLAGS>;
type Written<T> = { -readonly [K in keyof T]: T[K] };

const ENTITLEMENTS: readonly Entitlement[] = ["network.host", "security.insecure"];

/** Reads the flags that hold steps; nothing is allowed that is not spelt out. */
export function sandboxRequest(flags: Flags): Pick<BuildOptions, "sandbox" | "allow"> {
  const sandbox: Written<Partial<SandboxSettings>> = {
    limits: limitsOf(flags),
    ulimits: flags.ulimit.map((text) => resourceLimit("build", text)),
    hosts: flags["add-host"].map((text) => hostEntry("build", text)),
  };
  if (flags["shm-size"] !== undefined) sandbox.shmSize = byteSize("build", "--shm-size", flags["shm-size"]);
  if (flags["cgroup-parent"] !== undefined)
    sandbox.cgroupParent = groupPath("build", "--cgroup-parent", flags["cgroup-parent"]);
  return { sandbox, allow: flags.allow.map(entitlement) };
}

function limitsOf(flags: Flags): ResourceLimits {
  const limits: Written<ResourceLimits> = {};
  const { memory, cpus } = flags;
  const swap = flags["memory-swap"];
  if (memory !== undefined) limits.memory = memorySize("build", "--memory", memory);
  if (swap !== undefined) {
    if (limits.memory === undefined)
      throw usageError("build", "Cannot use --memory-swap without --memory", "add --memory SIZE");
    limits.memorySwap = swap === "-1" ? Number.POSITIVE_INFINITY : byteSize("build", "--memory-swap", swap);
    if (limits.memorySwap < limits.memory)
      throw usageError("build", `Cannot use --memory-swap ${swap}: it is memory and swap together`);
  }
  if (cpus !== undefined) limits.cpus = processorCount("build", "--cpus", cpus);
  const shares = flags["cpu-shares"];
  if (shares !== undefined) limits.cpuShares = weight(shares);
  for (const [flag, key] of [
    ["cpuset-cpus", "cpusetCpus"],
    ["cpuset-mems", "cpusetMems"],
  ] as const) {
    const text = flags[flag];
    if (text !== undefined) limits[key] = numberList("build", `--${flag}`, text);
  }
  const pids = flags["pids-limit"];
  if (pids !== undefined) limits.pids = countOrUnlimited("build", "--pids-limit", pids);
  return limits;
}

function weight(text: string): number {
  const shares = Number(text);
  if (/^\d+$/.test(text) && shares >= 2 && shares <= 262_144) return shares;
  throw usageError("build", `Cannot use --cpu-shares ${text}: it is not a number from 2 to 262144`);
}

function entitlement(text: string): Entitlement {
  const known = ENTITLEMENTS.find((one) => one === text);
  if (known !== undefined) return known;
  throw usageError(
    "build",
    `Cannot use --allow ${text}: it is none of ${ENTITLEMENTS.join(", ")}`,
    didYouMean(text, ENTITLEMENTS),
  );
}
