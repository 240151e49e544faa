import type { ExecOp } from "../graph/types.ts";
import type { HeldLimits } from "../../runtime/limits/sandbox-limits.ts";
import { ALL_CAPABILITIES, DEFAULT_CAPABILITIES } from "../../runtime/plan/capabilities.ts";
import { defaultFilter } from "../../runtime/seccomp/default-filter.ts";
import type { RunPlan } from "../../runtime/types.ts";

/** What a step may do to the kernel: docker's default, or everything for RUN --security=insecure. */
export async function privilegesOf(
  op: Pick<ExecOp, "security">,
): Promise<Pick<RunPlan, "capabilities" | "seccomp">> {
  if (op.security === "insecure") return { capabilities: ALL_CAPABILITIES };
  return { capabilities: DEFAULT_CAPABILITIES, seccomp: await defaultFilter(DEFAULT_CAPABILITIES) };
}

/** The plan with what holds this step. */
export function withLimits(plan: RunPlan, { cgroups, limits }: HeldLimits): RunPlan {
  return { ...plan, cgroups, limits };
}
