import { linkSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { errnoOf } from "../core/errors.ts";
import { namesIn } from "./names-in.ts";

/** A folder of a session's directory: files that were moved out of the store and may have to go back. */
const FOLDER = "unsure";

/** Where a file of the store is moved to while it is looked at whether it may go. */
export function unsurePlace(root: string, directory: string, path: string): string {
  return join(unsureFolder(directory), encodeURIComponent(relative(root, path)));
}

/** The folder of those places. */
export function unsureFolder(directory: string): string {
  return join(directory, FOLDER);
}

/** Gives a file its place again, but not over what somebody made there meanwhile. */
export function putBack(aside: string, path: string): void {
  try {
    linkSync(aside, path);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "EEXIST" && code !== "ENOENT") throw error;
  }
  rmSync(aside, { force: true });
}

/** Puts back what processes that died had moved aside and not yet decided on: somebody may have just made it. */
export function putBackOfDead(root: string, sessions: readonly string[]): void {
  for (const session of sessions) {
    for (const name of namesIn(session).filter((one) => one.endsWith("-trash"))) {
      const folder = unsureFolder(join(session, name));
      for (const file of namesIn(folder)) {
        const path = decodeURIComponent(file);
        if (/^[a-z]+(\/[\w.%-]+)+$/.test(path) && !path.includes(".."))
          putBack(join(folder, file), join(root, path));
      }
    }
  }
}
