import { rmSync } from "node:fs";
import { join } from "node:path";
import { openBlobs } from "./blobs.ts";
import { Durability } from "./durability.ts";
import { Files } from "./files.ts";
import { openLayerRecords } from "./layer-records.ts";
import { writeLayout } from "./layout.ts";
import { recover } from "./recover.ts";
import { openRefs } from "./refs.ts";
import { storeRoot } from "./root.ts";
import { abandoned, newSessionName } from "./session.ts";
import type { Store } from "./types.ts";

export interface StoreOptions {
  /** Instead of what the environment says. */
  readonly root?: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Opens the store; makes no file before something is written. */
export function openStore(options: StoreOptions): Store {
  const root = options.root ?? storeRoot(options.env);
  const session = newSessionName();
  const durability = new Durability(root, session);
  const files = new Files(root, session, durability);
  recover(root);
  const refs = openRefs(files);
  return {
    root,
    blobs: openBlobs(files),
    refs,
    layers: openLayerRecords(files),
    tempPath: (label) => files.tempPath(label),
    path: (...parts) => files.path(...parts),
    writeFile: (path, data) => files.writeFile(path, data),
    sync: (syncfs) => durability.sync(syncfs),
    sweepSessions() {
      const gone = abandoned(join(root, "tmp"), session);
      // One that died between a ref and the index left the index behind.
      if (gone.length > 0) writeLayout(files, refs.list);
      return gone;
    },
    async close() {
      try {
        rmSync(files.sessionFolder, { recursive: true, force: true });
      } catch {
        // Files of other users' ids are in it: sweepSessions finds the directory once this process is gone.
      }
    },
  };
}
