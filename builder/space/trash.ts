import { lstatSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { errnoOf } from "../core/errors.ts";
import { explained } from "../store/failure.ts";
import { putBack, unsureFolder, unsurePlace } from "../store/put-back.ts";
import type { Store } from "../store/types.ts";
import { findFile } from "./find.ts";
import type { Found } from "./types.ts";

/**
 * Where things go before they are removed: a directory of this session, which others sweep should this process die. A
 * file that somebody used since it was found is put back.
 */
export class Trash {
  readonly #root: string;
  readonly #directory: string;
  #count = 0;
  #folders = false;

  constructor(store: Store) {
    this.#root = store.root;
    this.#directory = store.tempPath("trash");
    const folder = unsureFolder(this.#directory);
    explained("make", folder, () => mkdirSync(folder, { recursive: true }));
  }

  /** Takes a file away, unless it is another one or was used since; what puts it back, or undefined. */
  take(found: Found): (() => void) | undefined {
    if (!isSame(found, found.path)) return undefined;
    // Under its own name, so that whoever sweeps after a crash can put it back.
    const unsure = unsurePlace(this.#root, this.#directory, found.path);
    if (!moved(found.path, unsure)) return undefined;
    if (!isSame(found, unsure)) {
      putBack(unsure, found.path);
      return undefined;
    }
    const aside = this.#place();
    renameSync(unsure, aside);
    return () => putBack(aside, found.path);
  }

  /** Takes a directory away that nobody can find any more. */
  takeFolder(path: string): void {
    if (moved(path, this.#place())) this.#folders = true;
  }

  /** Removes all of it; directories through `remove`, as what is in them may be anybody's. */
  async empty(remove: (directories: readonly string[]) => Promise<void>): Promise<void> {
    if (this.#folders) await remove([this.#directory]);
    else rmSync(this.#directory, { recursive: true, force: true });
  }

  #place(): string {
    return join(this.#directory, String(++this.#count));
  }
}

function isSame(found: Found, path: string): boolean {
  const now = findFile(path);
  return now !== undefined && now.ino === found.ino && now.mtimeMs === found.mtimeMs;
}

/** False where it is gone. */
function moved(from: string, to: string): boolean {
  return explained("remove", from, () => {
    try {
      if (lstatSync(from, { throwIfNoEntry: false }) === undefined) return false;
      renameSync(from, to);
      return true;
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return false;
      throw error;
    }
  });
}
