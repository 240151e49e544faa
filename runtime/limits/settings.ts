import type { ResourceLimits, Setting } from "./types.ts";

/** Microseconds that a processor's time is dealt out in; docker's. */
const PERIOD = 100_000;

/** What limits come to in the files of a control group (Linux Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst). */
export function settingsOf(limits: ResourceLimits, version: 1 | 2): Setting[] {
  const settings: Setting[] = [];
  const set = (
    controller: Setting["controller"],
    v1: readonly (readonly [file: string, value: string | number])[],
    v2: readonly (readonly [file: string, value: string | number])[],
    optional = false,
  ): void => {
    for (const [file, value] of version === 1 ? v1 : v2)
      settings.push({ controller, file, value: String(value), ...(optional ? { optional } : {}) });
  };
  const { memory, memorySwap, cpus, cpuShares, cpusetCpus, cpusetMems, pids } = limits;
  if (memory !== undefined) {
    set("memory", [["memory.limit_in_bytes", memory]], [["memory.max", memory]]);
    // docker allows as much swap as memory where nobody says.
    const both = memorySwap ?? 2 * memory;
    const swap = Number.isFinite(both) ? both - memory : "max";
    set(
      "memory",
      [["memory.memsw.limit_in_bytes", Number.isFinite(both) ? both : -1]],
      [["memory.swap.max", swap]],
      true,
    );
  }
  if (cpus !== undefined) {
    const quota = Math.round(cpus * PERIOD);
    set(
      "cpu",
      [
        ["cpu.cfs_period_us", PERIOD],
        ["cpu.cfs_quota_us", quota],
      ],
      [["cpu.max", `${quota} ${PERIOD}`]],
    );
  }
  if (cpuShares !== undefined) {
    // runc's scale: 2 to 262144 become 1 to 10000 (libcontainer/cgroups ConvertCPUSharesToCgroupV2Value).
    const weight = 1 + Math.floor(((cpuShares - 2) * 9999) / 262_142);
    set("cpu", [["cpu.shares", cpuShares]], [["cpu.weight", weight]]);
  }
  for (const [file, value] of [
    ["cpuset.cpus", cpusetCpus],
    ["cpuset.mems", cpusetMems],
  ] as const)
    if (value !== undefined) set("cpuset", [[file, value]], [[file, value]]);
  if (pids !== undefined && Number.isFinite(pids)) set("pids", [["pids.max", pids]], [["pids.max", pids]]);
  return settings;
}
