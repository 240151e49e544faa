import { DEFAULT_SHM_SIZE, MASKED_PATHS, READONLY_PATHS } from "./paths.ts";
import type { MountFlags, MountSpec } from "../types.ts";

const LOCKED: MountFlags = { readonly: true, nosuid: true, nodev: true, noexec: true };

export interface ContainerFiles {
  readonly hosts: Uint8Array;
  readonly resolvConf: Uint8Array;
}

/**
 * What a step and a container see of the kernel, in mounting order (SEMANTICS: executor/oci/spec_linux.go of BuildKit).
 * There is no tmpfs on /run: images keep files there. The two files are bound in, so they reach no layer.
 */
export function baseMounts(files: ContainerFiles, shmSize = DEFAULT_SHM_SIZE): MountSpec[] {
  return [
    { type: "proc", target: "/proc" },
    { type: "dev", target: "/dev", shmSize },
    { type: "sysfs", target: "/sys" },
    { type: "cgroup", target: "/sys/fs/cgroup" },
    file("/etc/resolv.conf", files.resolvConf),
    file("/etc/hosts", files.hosts),
  ];
}

/** Hides and locks what the kernel shows of the host; goes after every other mount. */
export function kernelMasks(): MountSpec[] {
  return [
    ...MASKED_PATHS.map((target): MountSpec => ({ type: "mask", target })),
    ...READONLY_PATHS.map((target): MountSpec => ({ type: "readonly", target })),
  ];
}

function file(target: string, data: Uint8Array): MountSpec {
  return { type: "file", target, data, mode: 0o644, uid: 0, gid: 0, flags: LOCKED };
}
