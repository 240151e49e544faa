import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface ListOptions {
  /** Leaves an entry's time out: it was made by a step. */
  readonly timeless?: (path: string) => boolean;
  /** Leaves a file's bytes out. */
  readonly opaque?: (path: string) => boolean;
}

/**
 * One line for everything below a directory: path, type, mode, owner, size, time, link target, digest, and which names are
 * the same file. Two trees are equal if their lines are.
 */
export function listTree(root: string, options: ListOptions = {}): string[] {
  const lines: string[] = [];
  const inodes = new Map<number, string>();
  const walk = (relative: string): void => {
    for (const name of readdirSync(join(root, relative)).sort()) {
      const path = relative === "" ? name : `${relative}/${name}`;
      const stats = lstatSync(join(root, path));
      const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
      const parts = [path, typeOf(stats), mode, `${stats.uid}:${stats.gid}`];
      if (options.timeless?.(path) !== true) parts.push(`@${Math.floor(stats.mtimeMs / 1000)}`);
      if (stats.isSymbolicLink()) parts.push(`-> ${readlinkSync(join(root, path))}`);
      if (stats.isCharacterDevice() || stats.isBlockDevice()) parts.push(`dev ${stats.rdev}`);
      if (stats.isFile()) {
        const first = inodes.get(stats.ino);
        if (first !== undefined) parts.push(`= ${first}`);
        else if (stats.nlink > 1) inodes.set(stats.ino, path);
        if (options.opaque?.(path) !== true)
          parts.push(
            `${stats.size} ${createHash("sha1")
              .update(readFileSync(join(root, path)))
              .digest("hex")}`,
          );
      }
      lines.push(parts.join(" "));
      if (stats.isDirectory()) walk(path);
    }
  };
  walk("");
  return lines;
}

function typeOf(stats: ReturnType<typeof lstatSync>): string {
  if (stats === undefined) return "?";
  if (stats.isDirectory()) return "d";
  if (stats.isSymbolicLink()) return "l";
  if (stats.isFile()) return "f";
  if (stats.isFIFO()) return "p";
  return stats.isCharacterDevice() ? "c" : "b";
}

/** The lines that differ, for a failure message that can be read. */
export function differences(actual: readonly string[], expected: readonly string[], limit = 40): string[] {
  const have = new Set(actual);
  const want = new Set(expected);
  return [
    ...expected.filter((line) => !have.has(line)).map((line) => `- ${line}`),
    ...actual.filter((line) => !want.has(line)).map((line) => `+ ${line}`),
  ].slice(0, limit);
}
