import { appendFileSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { readText } from "../store/files.ts";
import type { Store } from "../store/types.ts";

/**
 * space/usage: how many bytes the cache had when everything was last looked at, and a line for what each build added
 * since. So a build knows without looking at anything whether there can be too much.
 */
const FILE = "space/usage";
/** What a build writes is at most so much on the disk: a blob as pulled, its tar, its snapshot. */
const FACES = 3;
/** After so many lines it is time to look again. */
const MAX_LINES = 1000;
const GIB = 2 ** 30;

/** The cache's size at most, from what is known; undefined where nothing is. */
export function estimateUsage(root: string): number | undefined {
  const lines = (readText(join(root, FILE)) ?? "").split("\n").filter((line) => /^\d{1,15}$/.test(line));
  if (lines.length === 0 || lines.length > MAX_LINES) return undefined;
  return lines.reduce((sum, line) => sum + Number(line), 0);
}

/** Adds what a build wrote. */
export function addUsage(store: Store, written: number): void {
  // One small write(2) with O_APPEND: builds that end at once do not lose each other's lines.
  appendFileSync(store.path(FILE), `${written * FACES}\n`);
}

/** Sets it to what was found. A session that has synced what it wrote need not do so again for this. */
export function writeUsage(store: Store, bytes: number): void {
  store.writeMemo(store.path(FILE), `${Math.max(0, Math.floor(bytes))}\n`);
}

/** A fifth of the disk, at least 10 GiB. */
export function defaultCap(root: string): number {
  try {
    const { blocks, bsize } = statfsSync(root);
    return Math.max((blocks * bsize) / 5, 10 * GIB);
  } catch {
    return 10 * GIB;
  }
}
