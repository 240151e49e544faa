import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ContainerProcess, Started } from "../api/container-types.ts";

/** proc_pid_stat(5) counts time so, on every Linux. */
const TICKS = 100;
/** Fields after the name, counted from 0: proc_pid_stat(5) counts from 3. */
const FIELD = { parent: 1, terminal: 4, user: 11, system: 12, start: 19 } as const;
/** Major numbers of pseudo-terminals (admin-guide/devices.rst). */
const PTS = { first: 136, last: 143, each: 256 } as const;

/** The processes of a container that runs, by their numbers on this machine, its first process before all others. */
export function processesOf({ pid }: Started): ContainerProcess[] {
  const booted = Number(/^btime (\d+)$/m.exec(read("/proc/stat"))?.[1] ?? 0) * 1000;
  const all = new Map<number, ContainerProcess>();
  for (const name of readdirSync("/proc")) {
    const found = /^\d+$/.test(name) ? processOf(Number(name), booted) : undefined;
    if (found !== undefined) all.set(found.pid, found);
  }
  const theirs = namespaceOf(pid);
  // One that is held by chroot has no namespace of its own: its processes are those that its first one started.
  const namespace = theirs === namespaceOf(process.pid) ? undefined : theirs;
  const isInside = (one: ContainerProcess | undefined): boolean =>
    one !== undefined &&
    (one.pid === pid ||
      (namespace !== undefined && namespaceOf(one.pid) === namespace) ||
      isInside(all.get(one.parent)));
  return [...all.values()].filter(isInside).sort((a, b) => a.pid - b.pid);
}

/** Of those that this user may look at: the others are known by their parents. */
function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** The name, in parentheses, may hold anything: fields are counted from its end. */
function processOf(pid: number, booted: number): ContainerProcess | undefined {
  const stat = read(`/proc/${pid}/stat`);
  const end = stat.lastIndexOf(")");
  if (end < 0) return undefined;
  const fields = stat.slice(end + 2).split(" ");
  const number = (index: number): number => Number(fields[index] ?? 0);
  const words = read(`/proc/${pid}/cmdline`).split("\0").slice(0, -1);
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1];
  return {
    pid,
    parent: number(FIELD.parent),
    uid: Number(uid ?? 0),
    started: booted + (number(FIELD.start) * 1000) / TICKS,
    seconds: (number(FIELD.user) + number(FIELD.system)) / TICKS,
    terminal: terminalOf(number(FIELD.terminal)),
    command: words.length > 0 ? words.join(" ") : `[${stat.slice(stat.indexOf("(") + 1, end)}]`,
  };
}

function terminalOf(device: number): string {
  const major = (device >> 8) & 0xfff;
  const minor = (device & 0xff) | ((device >>> 12) & 0xfff00);
  if (major < PTS.first || major > PTS.last) return "?";
  return `pts/${(major - PTS.first) * PTS.each + minor}`;
}

/** Latin-1: what a process calls itself may be any bytes. */
function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}
