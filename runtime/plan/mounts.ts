import { existsSync } from "node:fs";
import type { HostEntry } from "../limits/types.ts";
import { hostsFile } from "./network-files.ts";
import { DEFAULT_SHM_SIZE, MASKED_PATHS, READONLY_PATHS } from "./paths.ts";
import type { MountFlags, MountSpec, RunPlan } from "../types.ts";

const LOCKED: MountFlags = { readonly: true, nosuid: true, nodev: true, noexec: true };

export interface KernelView {
  /** Bytes of /dev/shm; 64 MiB where not given. */
  readonly shmSize?: number | undefined;
  /** /sys and the control groups can be written to: RUN --security=insecure. */
  readonly writable?: boolean;
}

/**
 * What a step and a container see of the kernel, in mounting order (SEMANTICS: executor/oci/spec_linux.go of BuildKit).
 * There is no tmpfs on /run: images keep files there.
 */
export function baseMounts({ shmSize = DEFAULT_SHM_SIZE, writable = false }: KernelView): MountSpec[] {
  return [
    { type: "proc", target: "/proc" },
    { type: "dev", target: "/dev", shmSize },
    { type: "sysfs", target: "/sys", writable },
    { type: "cgroup", target: "/sys/fs/cgroup", writable },
  ];
}

/** Devices of the machine that RUN --security=insecure sees, where they are (BuildKit util/entitlements/security). */
const MACHINE_DEVICES: readonly string[] = [
  "kmsg",
  "cuse",
  "fuse",
  "kvm",
  "net/tun",
  "loop-control",
  ...Array.from({ length: 8 }, (_, number) => `loop${number}`),
];

/** What RUN --security=insecure sees instead of masks: the kernel's own files, writable, and the machine's devices. */
export function machineMounts(): MountSpec[] {
  const devices = MACHINE_DEVICES.map((name) => `/dev/${name}`).filter((path) => existsSync(path));
  return devices.map((path) => ({ type: "bind", target: path, source: path, recursive: false, flags: {} }));
}

interface NamesOf {
  readonly resolvConf: Uint8Array;
  readonly gateway: string;
}

/** Where names are looked up, which depends on the network. The files are bound in, so they reach no layer. */
export function networkMounts(
  { resolvConf, gateway }: NamesOf,
  hostname: string,
  hosts: readonly HostEntry[],
  flags: MountFlags = LOCKED,
): MountSpec[] {
  return [
    file("/etc/hosts", hostsFile(hostname, hosts, gateway), flags),
    file("/etc/resolv.conf", resolvConf, flags),
  ];
}

/** The same for a container, which may write to them, as entrypoints of images do; and its name, as docker gives it. */
export function containerNetworkMounts(
  names: NamesOf,
  { hostname, readonlyRoot }: Pick<RunPlan, "hostname" | "readonlyRoot">,
  hosts: readonly HostEntry[],
): MountSpec[] {
  const flags = { readonly: readonlyRoot };
  const name = file("/etc/hostname", Buffer.from(`${hostname}\n`), flags);
  return [name, ...networkMounts(names, hostname, hosts, flags)];
}

/** Hides and locks what the kernel shows of the host; goes after every other mount. */
export function kernelMasks(): MountSpec[] {
  return [
    ...MASKED_PATHS.map((target): MountSpec => ({ type: "mask", target })),
    ...READONLY_PATHS.map((target): MountSpec => ({ type: "readonly", target })),
  ];
}

function file(target: string, data: Uint8Array, flags: MountFlags): MountSpec {
  return { type: "file", target, data, mode: 0o644, uid: 0, gid: 0, flags };
}
