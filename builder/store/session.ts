import { existsSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { namesIn } from "./names-in.ts";

/**
 * A session is one process that uses a store. Its name tells others whether it still lives: a process id means nothing
 * without its pid namespace (two containers may share a store), its start time (ids are used again) and the boot.
 *
 *     <pid>-<start time, ticks>-<pid namespace>-<boot>-<random>
 */
export interface SessionName {
  readonly pid: string;
  readonly start: string;
  readonly namespace: string;
  readonly boot: string;
}

const NAME = /^(\d+)-(\d+)-(\d+)-([0-9a-f]{8})-[0-9a-f]{8}$/;
const DAY = 24 * 60 * 60 * 1000;

/** This process's session. Its name is looked for when something is to be made in it, which a check seldom does. */
export class OwnSession {
  #name: string | undefined;

  get name(): string {
    return (this.#name ??= newSessionName());
  }

  get hasName(): boolean {
    return this.#name !== undefined;
  }
}

/** A name for this process's session. */
export function newSessionName(): string {
  const { start } = processStat("self") ?? { start: "0" };
  // Nobody has to be kept from guessing it, and node:crypto takes three milliseconds to load.
  const random = Math.floor(Math.random() * 2 ** 32)
    .toString(16)
    .padStart(8, "0");
  return `${process.pid}-${start}-${ownNamespace()}-${bootId()}-${random}`;
}

export function parseSessionName(name: string): SessionName | undefined {
  const match = NAME.exec(name);
  if (match === null) return undefined;
  const [, pid = "", start = "", namespace = "", boot = ""] = match;
  return { pid, start, namespace, boot };
}

/** True where the process is known to be gone; false where it lives, and where it cannot be seen from here. */
export function isGone(session: SessionName): boolean {
  if (session.boot !== bootId() || session.namespace !== ownNamespace() || session.namespace === "0")
    return false;
  const stat = processStat(session.pid);
  return stat === undefined || stat.start !== session.start || stat.state === "Z" || stat.state === "X";
}

/** Where a session that can be asked whether it lives has its socket (presence.ts). */
export function socketOf(directory: string): string {
  return join(directory, "alive");
}

/** A file that is as old as the session is known to others. */
export function sinceOf(directory: string): string {
  return join(directory, "since");
}

/** Since when each session that lives is known (ms), but for one's own. */
export async function livingSince(folder: string, own: string): Promise<number[]> {
  const times: number[] = [];
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (name === own || !(await isLiving(path, name))) continue;
    const stat =
      statSync(sinceOf(path), { throwIfNoEntry: false }) ?? statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined) times.push(stat.mtimeMs);
  }
  return times;
}

/** The directories in `folder` of sessions that are gone, or that nobody has touched for a day and cannot be seen. */
export async function abandoned(folder: string, own: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    if (name !== own && !(await isLiving(path, name))) found.push(path);
  }
  return found;
}

async function isLiving(path: string, name: string): Promise<boolean> {
  const session = parseSessionName(name);
  if (session?.boot === bootId()) {
    if (session.namespace === ownNamespace()) return !isGone(session);
    // Another container's: its process cannot be seen, but its socket can.
    const socket = socketOf(path);
    const answer = existsSync(socket) ? await (await import("./dial.ts")).isAlive(socket) : undefined;
    if (answer !== undefined) return answer;
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined || Date.now() - stat.mtimeMs <= DAY;
}

/** Eight digits of the kernel's id of this boot. */
export function bootId(): string {
  const id = firstLine("/proc/sys/kernel/random/boot_id").replaceAll("-", "").slice(0, 8);
  return /^[0-9a-f]{8}$/.test(id) ? id : "00000000";
}

function ownNamespace(): string {
  try {
    return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
  } catch {
    return "0";
  }
}

/** When a process of this pid namespace started, in ticks since the boot; undefined where there is none of this id. */
export function processStart(pid: number): number | undefined {
  const start = processStat(String(pid))?.start;
  return start === undefined ? undefined : Number(start);
}

/** proc_pid_stat(5): the command's name, in parentheses, may hold anything, so fields are counted from its end. */
function processStat(pid: string): { state: string; start: string } | undefined {
  const line = firstLine(`/proc/${pid}/stat`);
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const [state] = fields;
  const start = fields[19];
  return state === undefined || start === undefined ? undefined : { state, start };
}

function firstLine(path: string): string {
  try {
    return readFileSync(path, "latin1").trimEnd();
  } catch {
    return "";
  }
}
