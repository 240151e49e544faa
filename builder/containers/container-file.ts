import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { MAX_ACCOUNT_FILE } from "../core/accounts.ts";
import { errnoOf } from "../core/errors.ts";
import type { Container } from "../api/container-types.ts";

/**
 * A file as a container sees it: what it wrote, or else what `image` finds. What it wrote is hostile: no symlink of it is
 * followed, a pipe is not waited for, and nothing but a regular file of a sane size is read.
 */
export function readFileOf(
  { directory }: Pick<Container, "directory">,
  path: string,
  image: () => Buffer | undefined,
): Buffer | undefined {
  const parts = path.split("/").filter(Boolean);
  let at = `${directory}/fs`;
  for (const part of parts.slice(0, -1)) {
    at = `${at}/${part}`;
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat === undefined) return image();
    if (!stat.isDirectory()) return undefined;
  }
  const file = `${at}/${parts.at(-1) ?? ""}`;
  const stat = lstatSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return image();
  // A character device 0:0 says that the image's file is gone.
  if (!stat.isFile()) return undefined;
  return readPlain(file);
}

function readPlain(path: string): Buffer | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (["ENOENT", "ELOOP", "EACCES", "ENXIO"].includes(errnoOf(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const stat = fstatSync(file);
    if (!stat.isFile() || stat.size > MAX_ACCOUNT_FILE) return undefined;
    const data = Buffer.alloc(stat.size);
    return data.subarray(0, readSync(file, data, 0, data.length, 0));
  } finally {
    closeSync(file);
  }
}
