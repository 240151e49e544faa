import { renameSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import { makeDirectory } from "../core/make-directory.ts";

/** Writes a file whole or not at all: bytes, or what `write` puts at the path that it gets. */
export async function writeWhole(
  path: string,
  write: Uint8Array | ((temporary: string) => Promise<void>),
): Promise<void> {
  const temporary = `${path}.tsbuild-${process.pid}`;
  try {
    if (typeof write === "function") await write(temporary);
    else await writeFile(temporary, write);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw failure(path, cause);
  }
}

/** Makes a directory and those that it lies in. */
export function makeFolder(path: string): void {
  try {
    makeDirectory(path);
  } catch (cause) {
    throw failure(path, cause);
  }
}

function failure(path: string, cause: unknown): TsbuildError {
  if (cause instanceof TsbuildError) return cause;
  const code = errnoOf(cause) === "ENOSPC" ? "DISK_FULL" : "STORE_UNWRITABLE";
  return new TsbuildError(code, `Cannot write "${path}": ${messageOf(cause)}`, { cause });
}
