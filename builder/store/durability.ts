import { closeSync, fstatSync, fsync, openSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { errnoOf } from "../core/errors.ts";
import { mapAtMost } from "../core/map-at-most.ts";
import { makeDirectory } from "../core/make-directory.ts";
import { explained, storeFailure } from "./failure.ts";
import { namesIn } from "./names-in.ts";
import { bootId, isGone, parseSessionName, type OwnSession } from "./session.ts";

/** Files of this size are worth a thread. */
const BIG = 16 << 20;
/** As many threads as libuv has. */
const AT_ONCE = 4;

const fsyncAside = promisify(fsync);

/**
 * Durability by group. A rename is atomic for other processes but not for a power cut: the new name may survive and its
 * bytes not. One fsync for each file would cost more than a build, so a session first makes an empty file
 * unsynced/<session>, writes as it likes, and removes the marker after one syncfs(2). While the machine is up nobody
 * looks at markers. One of an earlier boot means that what was written since its time may be torn: `recover.ts` looks
 * at exactly that. A marker's time says that everything before it is safe.
 *
 * The disk begins with a big file when it is moved in place, or before, while the build goes on: at the end little is left to wait
 * for. One at a time, as the threads that do it also resolve names.
 *
 * The marker needs no fsync of its own: ext4, XFS and btrfs commit metadata in order, so a rename that survives comes
 * with the marker that was made before it.
 */
export class Durability {
  readonly #root: string;
  readonly #session: OwnSession;
  readonly #written = new Set<string>();
  #flushing: Promise<void> | undefined;
  /** What the kernel said of a file that was flushed early: it says so once. */
  #failure: unknown;
  #begun = false;
  #writes = 0;

  constructor(root: string, session: OwnSession) {
    this.#root = root;
    this.#session = session;
  }

  /** To be called before anything is written. */
  begin(): void {
    if (this.#begun) return;
    const marker = this.#marker(this.#session.name);
    explained("write to", this.#root, () => {
      makeDirectory(dirname(marker), 0o700);
      writeFileSync(marker, "");
    });
    this.#begun = true;
  }

  /** Remembers a file that is about to be moved in place. */
  wrote(path: string): void {
    this.begin();
    this.#writes++;
    this.#written.add(path);
    queueMicrotask(() => this.flushEarly(path));
  }

  async sync(syncfs?: (directory: string) => Promise<void>): Promise<void> {
    if (!this.#begun) return;
    const before = this.#writes;
    const written = [...this.#written];
    await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
    if (syncfs === undefined) await syncFiles(written);
    else await this.#syncAll(syncfs);
    // What was written while the disk was busy is not safe yet: the marker stays for it.
    if (this.#writes !== before) return;
    this.#written.clear();
    this.#begun = false;
    rmSync(this.#marker(this.#session.name), { force: true });
  }

  /** Lets the disk begin with a file of which all bytes are written. */
  flushEarly(path: string): void {
    this.#flushing ??= flushBig(path)
      .catch((error: unknown) => void (this.#failure ??= error))
      .finally(() => (this.#flushing = undefined));
  }

  /** One syncfs makes everybody's files safe: the markers of the dead go, those of the living move on. */
  async #syncAll(syncfs: (directory: string) => Promise<void>): Promise<void> {
    const others = namesIn(join(this.#root, "unsynced")).filter((name) => name !== this.#session.name);
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

/** Does nothing for a file that is not big, or not there any more. */
async function flushBig(path: string): Promise<void> {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch {
    // `syncFiles` says why, where it matters.
    return;
  }
  try {
    if (fstatSync(fd).size >= BIG) await fsyncAside(fd);
  } catch (error) {
    throw storeFailure(error, "sync", path);
  } finally {
    closeSync(fd);
  }
}

function touch(path: string, time: Date): void {
  try {
    utimesSync(path, time, time);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}

/** Several at a time: what waits for the disk's journal waits for one writing of it then. */
async function syncFiles(paths: readonly string[]): Promise<void> {
  const folders = new Set(paths.map((path) => dirname(path)));
  await mapAtMost(AT_ONCE, [...paths, ...folders], async (path) => {
    try {
      const fd = openSync(path, "r");
      try {
        await fsyncAside(fd);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      // Removed again, or replaced by somebody who answers for it.
      if (errnoOf(error) !== "ENOENT") throw storeFailure(error, "sync", path);
    }
  });
}
