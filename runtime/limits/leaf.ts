import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../../builder/core/errors.ts";
import { isMissing, wordsOf } from "./files.ts";

/**
 * Version 2: moves this process, and what it started, out of its group into a leaf below that, so that the group can give
 * controllers to others (cgroups(7), "no internal processes"). False where somebody else's process is in it, or
 * where it is not ours to change: then all stays as it is.
 */
export function moveToLeaf(group: string, name: string): boolean {
  const inside = wordsOf(join(group, "cgroup.procs")).map(Number);
  if (inside.length === 0 || !inside.every(isOurs)) return false;
  const leaf = join(group, name);
  try {
    mkdirSync(leaf, { recursive: true });
    for (const pid of inside) move(pid, leaf);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function move(pid: number, leaf: string): void {
  try {
    writeFileSync(join(leaf, "cgroup.procs"), String(pid));
  } catch (error) {
    // It has ended meanwhile.
    if (errnoOf(error) !== "ESRCH") throw error;
  }
}

/** This process, or one that it or its children started. 0 is a process of another pid namespace. */
function isOurs(pid: number): boolean {
  for (let at = pid; at > 1 || at === process.pid; at = parentOf(at)) if (at === process.pid) return true;
  return false;
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
