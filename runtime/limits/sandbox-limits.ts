import type { ResourceLimit } from "../types.ts";
import { ControlGroups } from "./control-groups.ts";
import { PROCESS_COUNT, processLimit } from "./process-limit.ts";
import { DEFAULT_PIDS, type ResourceLimits, type SandboxSettings } from "./types.ts";

/** What one step or container is held by; disposing gives it back. */
export interface HeldLimits extends Disposable {
  readonly cgroups: readonly string[];
  readonly limits: readonly ResourceLimit[];
}

const FLAGS: readonly (readonly [keyof ResourceLimits, flag: string, controller: string])[] = [
  ["memory", "--memory", "memory"],
  ["cpus", "--cpus", "cpu"],
  ["cpuShares", "--cpu-shares", "cpu"],
  ["cpusetCpus", "--cpuset-cpus", "cpuset"],
  ["cpusetMems", "--cpuset-mems", "cpuset"],
];

/** Holds steps by control groups, and by limits of the process where this machine lets tsbuild have no groups. */
export class SandboxLimits {
  readonly #groups: ControlGroups;
  readonly #ulimits: readonly ResourceLimit[];

  /** `notice` is told, once, which limits that somebody asked for do not hold here. */
  constructor(settings: SandboxSettings, notice: (message: string) => void) {
    const limits = { pids: DEFAULT_PIDS, ...settings.limits };
    // An ordinary user's container opens no devices that nobody bound.
    const devices = process.getuid?.() === 0;
    this.#groups = new ControlGroups({ limits, parent: settings.cgroupParent, devices });
    const { missing } = this.#groups;
    const counted = settings.ulimits.some(({ resource }) => resource === PROCESS_COUNT);
    const instead = missing.has("pids") && !counted ? processLimit(limits.pids) : undefined;
    this.#ulimits = [...settings.ulimits, ...(instead === undefined ? [] : [instead])];
    const lost = FLAGS.filter(
      ([key, , controller]) =>
        settings.limits[key] !== undefined && [...missing].some((one) => one === controller),
    ).map(([, flag]) => flag);
    if (missing.has("pids") && settings.limits.pids !== undefined && instead === undefined)
      lost.push("--pids-limit");
    if (lost.length > 0) notice(withoutHold(lost, [...missing]));
  }

  open(): HeldLimits {
    const groups = this.#groups.open();
    return {
      cgroups: groups.directories,
      limits: this.#ulimits,
      [Symbol.dispose]: () => groups[Symbol.dispose](),
    };
  }
}

function withoutHold(flags: readonly string[], controllers: readonly string[]): string {
  const fix =
    process.getuid?.() === 0
      ? "mount the control groups of the machine writable at /sys/fs/cgroup"
      : `systemd-run --user --scope --property=Delegate=yes tsbuild …; where that is not enough, as root: systemctl set-property user@${process.getuid?.() ?? "UID"}.service Delegate="cpu cpuset memory pids"`;
  return `${flags.join(" and ")} cannot be held here: no control group with ${controllers.join(", ")} may be made (${fix})`;
}
