import { closeSync, fsyncSync, mkdirSync, openSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "../core/errors.ts";
import { explained } from "./failure.ts";
import { namesIn } from "./names-in.ts";
import { bootId, isGone, parseSessionName } from "./session.ts";

/**
 * Durability by group. A rename is atomic for other processes but not for a power cut: the new name may survive and its
 * bytes not. One fsync for each file would cost more than a build, so a session first makes an empty file
 * unsynced/<session>, writes as it likes, and removes the marker after one syncfs(2). While the machine is up nobody
 * looks at markers. One of an earlier boot means that what was written since its time may be torn: `recover.ts` looks
 * at exactly that. A marker's time says that everything before it is safe.
 *
 * The marker needs no fsync of its own: ext4, XFS and btrfs commit metadata in order, so a rename that survives comes
 * with the marker that was made before it.
 */
export class Durability {
  readonly #root: string;
  readonly #session: string;
  readonly #written = new Set<string>();
  #begun = false;
  #writes = 0;

  constructor(root: string, session: string) {
    this.#root = root;
    this.#session = session;
  }

  /** To be called before anything is written. */
  begin(): void {
    if (this.#begun) return;
    const marker = this.#marker(this.#session);
    explained("write to", this.#root, () => {
      mkdirSync(dirname(marker), { recursive: true, mode: 0o700 });
      writeFileSync(marker, "");
    });
    this.#begun = true;
  }

  /** Remembers a file that is about to be moved in place. */
  wrote(path: string): void {
    this.begin();
    this.#writes++;
    this.#written.add(path);
  }

  async sync(syncfs?: (directory: string) => Promise<void>): Promise<void> {
    if (!this.#begun) return;
    const before = this.#writes;
    const written = [...this.#written];
    if (syncfs === undefined) syncFiles(written);
    else await this.#syncAll(syncfs);
    // What was written while the disk was busy is not safe yet: the marker stays for it.
    if (this.#writes !== before) return;
    this.#written.clear();
    this.#begun = false;
    rmSync(this.#marker(this.#session), { force: true });
  }

  /** One syncfs makes everybody's files safe: the markers of the dead go, those of the living move on. */
  async #syncAll(syncfs: (directory: string) => Promise<void>): Promise<void> {
    const others = namesIn(join(this.#root, "unsynced")).filter((name) => name !== this.#session);
    const time = new Date();
    await syncfs(this.#root);
    for (const name of others) {
      const session = parseSessionName(name);
      if (session?.boot !== bootId()) continue;
      if (isGone(session)) rmSync(this.#marker(name), { force: true });
      else touch(this.#marker(name), time);
    }
  }

  #marker(session: string): string {
    return join(this.#root, "unsynced", session);
  }
}

function touch(path: string, time: Date): void {
  try {
    utimesSync(path, time, time);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

function syncFiles(paths: readonly string[]): void {
  const folders = new Set(paths.map((path) => dirname(path)));
  for (const path of [...paths, ...folders]) {
    explained("sync", path, () => {
      let fd: number;
      try {
        fd = openSync(path, "r");
      } catch (error) {
        // Removed again, or replaced by somebody who answers for it.
        if (errnoOf(error) === "ENOENT") return;
        throw error;
      }
      try {
        fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
    });
  }
}
