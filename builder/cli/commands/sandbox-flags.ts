import type { FlagTable } from "../types.ts";

/** Flags that hold steps, or a container; `group` is the help's heading. */
export const limitFlags = <const Group extends string>(group: Group) =>
  ({
    "add-host": {
      value: "NAME:ADDRESS",
      repeat: true,
      group,
      doc: "Add a line to /etc/hosts; host-gateway is the address of this machine",
    },
    memory: { short: "m", value: "SIZE", group, doc: "Memory, as 512m or 2g" },
    "memory-swap": {
      value: "SIZE",
      group,
      doc: "Memory and swap together; -1 for as much swap as there is",
      default: "twice --memory",
    },
    cpus: { value: "NUMBER", group, doc: "Processors, as 1.5" },
    "cpu-shares": { short: "c", value: "WEIGHT", group, doc: "Weight against others, 1024 is the usual" },
    "cpuset-cpus": { value: "LIST", group, doc: "Processors to run on, as 0-3 or 0,2" },
    "cpuset-mems": { value: "LIST", group, doc: "Memory nodes to use" },
    "pids-limit": {
      value: "NUMBER",
      group,
      doc: "Processes and threads; -1 for any number",
      default: "4096",
    },
    ulimit: {
      value: "NAME=SOFT[:HARD]",
      repeat: true,
      group,
      doc: "Limit of a process, as nofile=1024:4096",
    },
    "shm-size": { value: "SIZE", group, doc: "Size of /dev/shm", default: "64m" },
    "cgroup-parent": { value: "PATH", group, doc: "Make the control groups below this one" },
  }) as const satisfies FlagTable;

const STEPS = "What each step may use";

/** Flags of `build` that hold steps. */
export const SANDBOX_FLAGS = {
  allow: {
    value: "WHAT",
    repeat: true,
    group: STEPS,
    doc: "Let RUN ask for network.host or security.insecure",
  },
  ...limitFlags(STEPS),
} as const satisfies FlagTable;
