import type { Json } from "../core/json.ts";
import type { ExecOp } from "../graph/types.ts";
import type { HeldLimits } from "../../runtime/limits/sandbox-limits.ts";
import type { SandboxSettings } from "../../runtime/limits/types.ts";
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from "../../runtime/plan/capabilities.ts";
import { defaultFilter } from "../../runtime/seccomp/default-filter.ts";
import type { RunPlan } from "../../runtime/types.ts";

/** What a step may do to the kernel: docker's default, or everything for RUN --security=insecure. */
export async function privilegesOf(op: ExecOp): Promise<Pick<RunPlan, "capabilities" | "seccomp">> {
  if (op.security === "insecure") return { capabilities: ALL_CAPABILITIES };
  return { capabilities: DEFAULT_CAPABILITIES, seccomp: await defaultFilter(DEFAULT_CAPABILITIES) };
}

/** The plan with what holds this step. */
export function withLimits(plan: RunPlan, { cgroups, limits }: HeldLimits): RunPlan {
  return { ...plan, cgroups, limits };
}

/**
 * What of the settings a step can notice and keep: names of hosts without their addresses, as in BuildKit (SEMANTICS 39),
 * limits of its process, the size of /dev/shm. Memory, processors and the number of processes decide how a step fares,
 * not what it makes. Nothing is in the key where nothing was asked for.
 */
export function sandboxKey({ hosts, ulimits, shmSize }: SandboxSettings): Readonly<Record<string, Json>> {
  return {
    ...(hosts.length === 0 ? {} : { hosts: hosts.map(({ name }) => name) }),
    ...(ulimits.length === 0
      ? {}
      : { ulimits: ulimits.map(({ resource, soft, hard }) => [resource, String(soft), String(hard)]) }),
    ...(shmSize === undefined ? {} : { shmSize }),
  };
}
