import { closeSync, constants, openSync } from "node:fs";
import { basename, dirname } from "node:path";

/** sun_path of unix(7) has 108 bytes, a zero at the end included. */
const MAX_PATH = 107;

/** Calls `use` with a path of a socket that the kernel takes, however long its own is. */
export function withSocketPath<T>(path: string, use: (path: string) => T): T {
  if (Buffer.byteLength(path) <= MAX_PATH) return use(path);
  const folder = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return use(`/proc/self/fd/${folder}/${basename(path)}`);
  } finally {
    closeSync(folder);
  }
}
