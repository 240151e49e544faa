import { accessSync, constants, readFileSync } from "node:fs";
import { errnoOf } from "../../builder/core/errors.ts";

/** True of an error that says that a file is not there, or is not for us. */
export function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EACCES", "EPERM", "EROFS", "ENODEV"].includes(errnoOf(error) ?? "");
}

/** Whether this process may write to a file or into a directory. */
export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** The words of a file of a control group; none where it is not there. */
export function wordsOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split(/\s+/).filter(Boolean);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
