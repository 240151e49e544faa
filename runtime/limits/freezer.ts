import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../builder/core/errors.ts";
import { isWritable, wordsOf } from "./files.ts";
import { readHierarchies } from "./hierarchies.ts";

/** A control group whose processes are stopped where they are. */
export interface FrozenGroup {
  readonly directory: string;
  /** Where its processes belong; not given where the group is their own anyway. */
  readonly back?: string;
}

/** Freezing takes as long as what a process does in the kernel; so does the end of one that is killed. */
const [TRIES, PAUSE_MS] = [500, 10] as const;

/**
 * Stops processes: in their own group of version 2 among `groups`, or in one that is made for it. Undefined where no such
 * group is to be had. `pids` is asked until nobody has been born outside the group.
 */
export async function freeze(
  groups: readonly string[],
  name: string,
  pids: () => readonly number[],
): Promise<FrozenGroup | undefined> {
  const own = groups.find((directory) => isWritable(join(directory, "cgroup.freeze")));
  const group = own === undefined ? makeGroup(name) : { directory: own };
  if (group === undefined) return undefined;
  const { directory } = group;
  try {
    gather(directory, pids);
    setFrozen(directory, true);
    await until(() => isFrozen(directory));
    return group;
  } catch (error) {
    await thaw(group);
    throw error;
  }
}

/** Lets the processes go on, and takes the group away that was made for them. */
export async function thaw({ directory, back }: FrozenGroup): Promise<void> {
  if (!existsSync(directory)) return;
  setFrozen(directory, false);
  if (back === undefined) return;
  await until(() => {
    for (const pid of wordsOf(join(directory, "cgroup.procs"))) enter(back, pid);
    try {
      rmdirSync(directory);
      return true;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return true;
      if (errnoOf(error) !== "EBUSY") throw error;
      return false;
    }
  });
}

/** Version 2 can do it without any controller; version 1 has one for it. */
function makeGroup(name: string): FrozenGroup | undefined {
  const hierarchies = readHierarchies();
  const places = [
    hierarchies.find(({ version }) => version === 2),
    hierarchies.find(({ controllers }) => controllers.includes("freezer")),
  ];
  for (const place of places) {
    if (place === undefined || !isWritable(place.own)) continue;
    const directory = join(place.own, name);
    mkdirSync(directory, { recursive: true });
    // Before Linux 5.2 version 2 cannot.
    if (fileOf(directory) !== undefined) return { directory, back: place.own };
    rmdirSync(directory);
  }
  return undefined;
}

function gather(directory: string, pids: () => readonly number[]): void {
  for (let tries = 0; tries < TRIES; tries++) {
    const inside = new Set(wordsOf(join(directory, "cgroup.procs")));
    const outside = pids().filter((pid) => !inside.has(String(pid)));
    if (outside.length === 0) return;
    for (const pid of outside) enter(directory, String(pid));
  }
}

/** One that ended meanwhile, or is about to, is nowhere. */
function enter(directory: string, pid: string): void {
  try {
    writeFileSync(join(directory, "cgroup.procs"), pid);
  } catch (error) {
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

function fileOf(directory: string): "cgroup.freeze" | "freezer.state" | undefined {
  return (["cgroup.freeze", "freezer.state"] as const).find((file) => existsSync(join(directory, file)));
}

function setFrozen(directory: string, frozen: boolean): void {
  const file = fileOf(directory);
  const value = file === "cgroup.freeze" ? (frozen ? "1" : "0") : frozen ? "FROZEN" : "THAWED";
  if (file !== undefined) writeFileSync(join(directory, file), value);
}

function isFrozen(directory: string): boolean {
  if (fileOf(directory) === "freezer.state")
    return readFileSync(join(directory, "freezer.state"), "utf8").trim() === "FROZEN";
  return /^frozen 1$/m.test(readFileSync(join(directory, "cgroup.events"), "utf8"));
}

/** What cannot be done in time is left as it is. */
async function until(done: () => boolean): Promise<void> {
  for (let tries = 0; !done() && tries < TRIES; tries++)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
