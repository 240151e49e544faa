import { existsSync, readdirSync, rmdirSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import { lazy } from "../core/lazy.ts";
import { openBlobs } from "./blobs.ts";
import { Durability } from "./durability.ts";
import { Files } from "./files.ts";
import { openLayerRecords } from "./layer-records.ts";
import { writeLayout } from "./layout.ts";
import { recover } from "./recover.ts";
import { namesIn } from "./names-in.ts";
import { openRefs } from "./refs.ts";
import { storeRoot } from "./root.ts";
import { abandoned, livingSince, OwnSession, sinceOf } from "./session.ts";
import type { Store } from "./types.ts";

export interface StoreOptions {
  /** Instead of what the environment says. */
  readonly root?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Opens the store; makes no file before something is written. */
export function openStore(options: StoreOptions): Store {
  const root = options.root ?? storeRoot(options.env);
  const session = new OwnSession();
  const durability = new Durability(root, session);
  const files = new Files(root, session, durability);
  recover(root);
  const refs = openRefs(files);
  const locks = lazy(async () => (await import("./locks.ts")).openLocks(files));
  let locked = false;
  const useLocks = (): ReturnType<typeof locks> => {
    locked = true;
    return locks();
  };
  return {
    root,
    blobs: openBlobs(files),
    refs,
    layers: openLayerRecords(files),
    locks: {
      acquire: async (name, options) => (await useLocks()).acquire(name, options),
      tryAcquire: async (name) => (await useLocks()).tryAcquire(name),
      share: async (name) => (await useLocks()).share(name),
    },
    tempPath: (label) => files.tempPath(label),
    path: (...parts) => files.path(...parts),
    touch: (path) => files.touch(path),
    written: () => files.written,
    livingSince: () => livingSince(join(root, "tmp"), session.name),
    writeFile: (path, data) => files.writeFile(path, data),
    writeMemo: (path, data) => files.writeMemo(path, data),
    sync: (syncfs) => durability.sync(syncfs),
    async sweepSessions() {
      const gone = await abandoned(join(root, "tmp"), session.name);
      if (namesIn(join(root, "locks")).length > 0) await (await useLocks()).sweep();
      if (gone.length === 0) return gone;
      (await import("./put-back.ts")).putBackOfDead(root, gone);
      // One that died between a ref and the index left the index behind.
      writeLayout(files, refs.list);
      return gone;
    },
    async close(handOver) {
      if (locked) (await locks()).close();
      if (!session.hasName) return;
      if (!existsSync(files.sessionFolder) || removeMark(files.sessionFolder)) return;
      if ((await handOver?.(files.sessionFolder)) === true) return;
      try {
        rmSync(files.sessionFolder, { recursive: true, force: true });
      } catch {
        // Files of other users' ids are in it: sweepSessions finds the directory once this process is gone.
      }
    },
  };
}

/** Removes the directory of a session that made nothing: rmSync takes two milliseconds to load what it removes with. */
function removeMark(folder: string): boolean {
  try {
    if (readdirSync(folder).some((name) => join(folder, name) !== sinceOf(folder))) return false;
    unlinkSync(sinceOf(folder));
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
