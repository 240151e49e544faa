import type { ResourceLimit } from "../types.ts";

/** What a step or container may use at most; what is not given is not limited. */
export interface ResourceLimits {
  /** Bytes. --memory */
  readonly memory?: number;
  /** Bytes of memory and swap together; Infinity: as much swap as there is. --memory-swap */
  readonly memorySwap?: number;
  /** Processors, also parts of one. --cpus */
  readonly cpus?: number;
  /** Weight against others, 1024 is the usual. --cpu-shares */
  readonly cpuShares?: number;
  /** Processors by number, as 0-3,5. --cpuset-cpus */
  readonly cpusetCpus?: string;
  /** Memory nodes by number. --cpuset-mems */
  readonly cpusetMems?: string;
  /** Processes and threads; Infinity: any number. --pids-limit */
  readonly pids?: number;
}

/**
 * How many processes and threads a step may have where nobody says: a fork bomb ends with an error in the step, not with
 * the machine. No build tool comes near it; systemd gives a service as much (TasksMax of 15 % of 32768).
 */
export const DEFAULT_PIDS = 4096;

/** One file of a control group, by version of the interface, and what is written to it. */
export interface Setting {
  readonly controller: "cpu" | "cpuset" | "memory" | "pids";
  readonly file: string;
  readonly value: string;
  /** Not there without accounting of swap in the kernel: then it is left out. */
  readonly optional?: boolean;
}

/** A mounted hierarchy of control groups. */
export interface Hierarchy {
  readonly version: 1 | 2;
  readonly mountPoint: string;
  /** Directory of the group that this process is in. */
  readonly own: string;
  /** Of version 1. Those of version 2 stand in cgroup.controllers of each group. */
  readonly controllers: readonly string[];
}

/** How steps or containers are held beyond what the Dockerfile and the image say. */
export interface SandboxSettings {
  readonly limits: ResourceLimits;
  /** From the root of each hierarchy. --cgroup-parent */
  readonly cgroupParent?: string;
  /** --ulimit */
  readonly ulimits: readonly ResourceLimit[];
  /** Bytes of /dev/shm. --shm-size */
  readonly shmSize?: number;
  /** --add-host */
  readonly hosts: readonly HostEntry[];
}

/** A line of /etc/hosts. */
export interface HostEntry {
  readonly name: string;
  /** "host-gateway": the address at which this machine is reached. */
  readonly address: string;
}
