import { readFileSync } from "node:fs";
import { TsbuildError } from "../../builder/core/errors.ts";
import { confinementHint } from "../isolation/confined.ts";
import type { MountSpec, RunPlan } from "../types.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { DEFAULT_SHM_SIZE } from "./paths.ts";

/** Of /proc, what is the same for every process and what programs ask for: as it is when the step begins. */
const KERNEL_FILES = ["cpuinfo", "filesystems", "loadavg", "meminfo", "stat", "uptime", "version"];

/**
 * A plan as chroot(2) can carry it out: files are put where they would be mounted, and there is a filter of our own only
 * where none holds this process already. That one needs no_new_privs (seccomp(2)), with which sudo does nothing.
 */
export function plainPlan(plan: RunPlan): RunPlan {
  if (plan.capabilities.includes(number("SYS_ADMIN")))
    throw impossible("--security=insecure", "it has no more privileges than tsbuild itself");
  if (plan.network !== "host") throw impossible("--network=none", "it shares the network that tsbuild is in");
  const filtered = confinementHint() !== undefined;
  return {
    ...plan,
    mounts: plan.mounts.flatMap(plainMount),
    // One that this process keeps: a step must not look into a process that has more than itself (ptrace(2)).
    capabilities: plan.capabilities.filter((one) => one !== number("SETPCAP")),
    noNewPrivileges: plan.noNewPrivileges || !filtered,
    seccomp: filtered ? undefined : plan.seccomp,
    readonlyRoot: false,
    init: false,
  };
}

/** Says which sizes nothing holds where a tmpfs is a directory; undefined where none was asked for. */
export function sizesNotHeld(mounts: readonly MountSpec[]): string | undefined {
  const targets = mounts.flatMap((mount) => {
    if (mount.type === "dev") return mount.shmSize === DEFAULT_SHM_SIZE ? [] : [`${mount.target}/shm`];
    return mount.type === "tmpfs" && (mount.size ?? 0) > 0 ? [mount.target] : [];
  });
  if (targets.length === 0) return undefined;
  return `nothing holds the size of ${targets.sort().join(" and ")}: without mounts they are directories on the disk of the store`;
}

function plainMount(mount: MountSpec): MountSpec[] {
  switch (mount.type) {
    case "proc":
      return [{ type: "tmpfs", target: mount.target, mode: 0o555, flags: {} }, ...kernelFiles(mount.target)];
    case "tmpfs":
    case "dev":
    case "file":
    case "layers":
    case "bind":
      return [mount];
    default:
      // What shows the kernel, or hides a part of that.
      return [];
  }
}

function kernelFiles(proc: string): MountSpec[] {
  return KERNEL_FILES.flatMap((name): MountSpec[] => {
    try {
      const data = readFileSync(`/proc/${name}`);
      return [{ type: "file", target: `${proc}/${name}`, data, mode: 0o444, uid: 0, gid: 0, flags: {} }];
    } catch {
      return [];
    }
  });
}

function number(name: string): number {
  return CAPABILITIES.get(name) ?? -1;
}

function impossible(what: string, why: string): TsbuildError {
  return new TsbuildError("SANDBOX", `Cannot run a step with ${what} by chroot: ${why}`, {
    hint: "tsbuild doctor says what better isolation needs here",
  });
}
