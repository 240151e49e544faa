import { existsSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { bytesOf } from "../../builder/core/bytes.ts";
import { hexOf, sha256 } from "../../builder/core/digest.ts";
import type { Store } from "../../builder/store/types.ts";
import type { Helper, RootSpec } from "../types.ts";
import { makeDirectory } from "../../builder/core/make-directory.ts";

/** What a slot has the files of a cache mount in. */
export const CONTENT = "data";

/** How the directory of a cache mount begins, the first time it is used. */
export type CacheContent =
  | { readonly kind: "empty"; readonly mode: number; readonly uid: number; readonly gid: number }
  /** Of a stage or image: what lies in the root under the name `CONTENT`. */
  | { readonly kind: "copy"; readonly root: RootSpec };

export interface CacheMount extends Disposable {
  /** Absolute path of the directory to bind. */
  readonly path: string;
}

/** The name of the lock on a slot of a cache mount; who has it has the directory to itself. */
export function mountLock(mount: string, slot: string): string {
  return `mount ${mount} ${slot}`;
}

/** The name of the lock for the moment in which somebody opens, removes or reads the directory of a slot. */
export function openLock(store: Store, directory: string): string {
  return `open ${directory.slice(store.root.length)}`;
}

/** The name of the lock that all who share a slot have a part in. */
export function sharedLock(store: Store, directory: string): string {
  return `shared ${directory.slice(store.root.length)}`;
}

/**
 * The directories of RUN --mount=type=cache: `mounts/<hash of the id>/<slot>/data` in the store. An id is hashed, so that
 * none can lead out of the store (CVE-2024-9675). "shared" takes the first slot with everybody else, "locked" waits until
 * nobody else has it, "private" takes the first slot that is free.
 */
export class CacheMounts {
  readonly #store: Store;
  readonly #helper: () => Promise<Helper>;
  /** Making a directory, by its path: two steps that need it first make it once. */
  readonly #making = new Map<string, Promise<void>>();

  constructor(store: Store, helper: () => Promise<Helper>) {
    this.#store = store;
    this.#helper = helper;
  }

  async open(
    id: string,
    sharing: "shared" | "private" | "locked",
    content: () => Promise<CacheContent>,
    signal: AbortSignal,
  ): Promise<CacheMount> {
    const folder = this.#store.path("mounts", hexOf(sha256(id)));
    makeDirectory(folder);
    const taken = await this.#slot(folder, sharing, signal);
    const { slot } = taken;
    let { lock } = taken;
    const directory = join(folder, slot);
    try {
      using opening = await this.#opening(directory, signal);
      await this.#ensure(directory, content);
      keepId(folder, id);
      if (opening !== undefined) this.#store.touch(directory);
      // Who saves the mount waits for that, and keeps this open lock while it reads.
      if (opening !== undefined && sharing === "shared")
        lock = await this.#store.locks.share(sharedLock(this.#store, directory));
    } catch (error) {
      lock?.[Symbol.dispose]();
      throw error;
    }
    return { path: join(directory, CONTENT), [Symbol.dispose]: () => lock?.[Symbol.dispose]() };
  }

  /**
   * Whoever removes mounts that nobody uses (builder/space), or saves them, takes the same lock. Undefined on a filesystem that cannot
   * have locks: there nothing is removed either.
   */
  async #opening(directory: string, signal: AbortSignal): Promise<Disposable | undefined> {
    try {
      return await this.#store.locks.acquire(openLock(this.#store, directory), { signal });
    } catch (error) {
      if (signal.aborted) throw error;
      return undefined;
    }
  }

  async #slot(
    folder: string,
    sharing: "shared" | "private" | "locked",
    signal: AbortSignal,
  ): Promise<{ slot: string; lock?: Disposable }> {
    if (sharing === "shared") return { slot: "0" };
    const { locks } = this.#store;
    const nameOf = (slot: string): string => mountLock(basename(folder), slot);
    if (sharing === "locked") return { slot: "0", lock: await locks.acquire(nameOf("0"), { signal }) };
    for (let slot = 0; ; slot++) {
      const lock = await locks.tryAcquire(nameOf(String(slot)));
      if (lock !== undefined) return { slot: String(slot), lock };
    }
  }

  async #ensure(directory: string, content: () => Promise<CacheContent>): Promise<void> {
    if (existsSync(join(directory, CONTENT))) return;
    const making = this.#making.get(directory) ?? this.#make(directory, content);
    this.#making.set(directory, making);
    try {
      await making;
    } finally {
      this.#making.delete(directory);
    }
  }

  async #make(directory: string, content: () => Promise<CacheContent>): Promise<void> {
    const helper = await this.#helper();
    const made = this.#store.tempPath("mount");
    const beginning = await content();
    if (beginning.kind === "copy") {
      await helper.copy(beginning.root, made);
    } else {
      const { mode, uid, gid } = beginning;
      const stream = helper.apply(made);
      stream.entry({
        path: bytesOf(CONTENT),
        type: "directory",
        mode,
        uid,
        gid,
        size: 0,
        mtime: Math.floor(Date.now() / 1000),
      });
      await stream.end();
    }
    if (!existsSync(directory)) renameSync(made, directory);
    else await helper.remove([made]);
  }
}

/** For `tsbuild du`: a hash says nothing. */
function keepId(folder: string, id: string): void {
  const path = join(folder, "id");
  if (!existsSync(path)) writeFileSync(path, id);
}
