import type { FlagTable } from "../types.ts";

const LIMITS = "What steps may use";

/** Flags that hold steps. */
export const SANDBOX_FLAGS = {
  allow: {
    value: "WHAT",
    repeat: true,
    group: LIMITS,
    doc: "Let RUN ask for network.host or security.insecure",
  },
  "add-host": {
    value: "NAME:ADDRESS",
    repeat: true,
    group: LIMITS,
    doc: "Add a line to /etc/hosts; host-gateway is the address of this machine",
  },
  memory: { short: "m", value: "SIZE", group: LIMITS, doc: "Memory of each step, as 512m or 2g" },
  "memory-swap": {
    value: "SIZE",
    group: LIMITS,
    doc: "Memory and swap together; -1 for as much swap as there is",
    default: "twice --memory",
  },
  cpus: { value: "NUMBER", group: LIMITS, doc: "Processors of each step, as 1.5" },
  "cpu-shares": { short: "c", value: "WEIGHT", group: LIMITS, doc: "Weight of each step against others" },
  "cpuset-cpus": { value: "LIST", group: LIMITS, doc: "Processors that steps may run on, as 0-3 or 0,2" },
  "cpuset-mems": { value: "LIST", group: LIMITS, doc: "Memory nodes that steps may use" },
  "pids-limit": {
    value: "NUMBER",
    group: LIMITS,
    doc: "Processes and threads of each step; -1 for any number",
    default: "4096",
  },
  ulimit: {
    value: "NAME=SOFT[:HARD]",
    repeat: true,
    group: LIMITS,
    doc: "Limit of a process, as nofile=1024:4096",
  },
  "shm-size": { value: "SIZE", group: LIMITS, doc: "Size of /dev/shm", default: "64m" },
  "cgroup-parent": { value: "PATH", group: LIMITS, doc: "Make the control groups of steps below this one" },
} as const satisfies FlagTable;
