import { lstatSync, readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { bytesOf, toFsPath } from "../core/bytes.ts";
import { errnoOf } from "../core/errors.ts";
import { isDigest, type Digest } from "../core/digest.ts";
import { namesIn } from "../store/names-in.ts";
import type { Found, FoundFolder } from "./types.ts";

/** What stat(2) counts blocks in. */
const BLOCK = 512;

/** A file as it is now, and what it takes of the disk; undefined where it is gone. */
export function findFile(path: string): Found | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const { blocks, mtimeMs, ctimeMs, ino } = stat;
  return { path, size: blocks * BLOCK, mtimeMs, ctimeMs, ino };
}

/** The files of a folder. */
export function findFiles(folder: string): Found[] {
  return namesIn(folder).flatMap((name) => findFile(join(folder, name)) ?? []);
}

/** Files whose names are the digits of digests. */
export function findDigests<T extends Digest>(folder: string): Map<T, Found> {
  const found = new Map<T, Found>();
  for (const name of namesIn(folder)) {
    const digest = `sha256:${name}`;
    const file = isDigest(digest) ? findFile(join(folder, name)) : undefined;
    if (file !== undefined) found.set(digest as T, file);
  }
  return found;
}

/** A folder and the size of all in it. `estimate` stands for what this user may not read. */
export function findFolder(
  path: string,
  id: string,
  description: string,
  estimate = 0,
): FoundFolder | undefined {
  const file = findFile(path);
  if (file === undefined) return undefined;
  const { size, isWhole } = sizeOf(path);
  return { id, file, size: isWhole ? size : Math.max(size, estimate), description };
}

/** Bytes on the disk of a directory and all below it; hard links count once. `isWhole`: all of it could be read. */
export function sizeOf(
  folder: string,
  skip: ReadonlySet<string> = new Set(),
): { readonly size: number; readonly isWhole: boolean } {
  let size = (lstatSync(folder, { throwIfNoEntry: false })?.blocks ?? 0) * BLOCK;
  let isWhole = true;
  const seen = new Set<string>();
  const folders: string[] = [bytesOf(folder)];
  for (const next of folders) {
    const entries = entriesOf(next);
    isWhole &&= entries !== undefined;
    for (const entry of entries ?? []) {
      const path = `${next}/${entry.name}`;
      if (skip.has(path)) continue;
      if (entry.isDirectory()) folders.push(path);
      const stat = lstatSync(toFsPath(path), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const inode = `${stat.dev}:${stat.ino}`;
      if (stat.nlink > 1 && !stat.isDirectory() && seen.has(inode)) continue;
      seen.add(inode);
      size += stat.blocks * BLOCK;
    }
  }
  return { size, isWhole };
}

/** Undefined where they are not to be read; one that is gone meanwhile has none. */
function entriesOf(folder: string): Dirent[] | undefined {
  try {
    return readdirSync(toFsPath(folder), { withFileTypes: true, encoding: "latin1" });
  } catch (error) {
    return errnoOf(error) === "ENOENT" ? [] : undefined;
  }
}
