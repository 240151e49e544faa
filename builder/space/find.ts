import { lstatSync, readdirSync, type Dirent } from "node:fs";
import { join } from "node:path";
import { bytesOf, toFsPath } from "../core/bytes.ts";
import { isDigest, type Digest } from "../core/digest.ts";
import { namesIn } from "../store/names-in.ts";
import type { Found, FoundFolder } from "./types.ts";

/** A file as it is now; undefined where it is gone. */
export function findFile(path: string): Found | undefined {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat && { path, size: stat.size, mtimeMs: stat.mtimeMs, ctimeMs: stat.ctimeMs, ino: stat.ino };
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

/** A folder and the size of all in it, as far as this user may read it; `size` where that is known. */
export function findFolder(
  path: string,
  id: string,
  description: string,
  size?: number,
): FoundFolder | undefined {
  const file = findFile(path);
  return file && { id, file, size: size ?? sizeOf(path), description };
}

/** Bytes on the disk below a directory; hard links count once. */
function sizeOf(folder: string): number {
  let size = 0;
  const seen = new Set<string>();
  const folders: string[] = [bytesOf(folder)];
  for (const next of folders) {
    for (const entry of entriesOf(next)) {
      const path = `${next}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      const stat = lstatSync(toFsPath(path), { throwIfNoEntry: false });
      if (stat === undefined) continue;
      const inode = `${stat.dev}:${stat.ino}`;
      if (stat.nlink > 1 && !stat.isDirectory() && seen.has(inode)) continue;
      seen.add(inode);
      size += stat.blocks * 512;
    }
  }
  return size;
}

/** Not to be read, or gone meanwhile: nothing. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(toFsPath(folder), { withFileTypes: true, encoding: "latin1" });
  } catch {
    return [];
  }
}
