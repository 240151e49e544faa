import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { TsbuildError, errnoOf } from "./errors.ts";

/**
 * Makes a directory and its missing parents. Node's own recursive mkdir never ends where a filesystem answers ENOENT to a
 * name whose parent is there, as /proc does (seen with Node 20.20).
 */
export function makeDirectory(path: string, mode = 0o777): void {
  if (made(path, mode)) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent, mode);
  if (!made(path, mode))
    throw new TsbuildError("STORE_UNWRITABLE", `Cannot make directory "${path}": none can be made there`);
}

/** False where a parent is missing. */
function made(path: string, mode: number): boolean {
  try {
    mkdirSync(path, { mode });
    return true;
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    if (errnoOf(error) === "EEXIST") return true;
    throw error;
  }
}
