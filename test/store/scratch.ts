import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../builder/store/open.ts";
import type { Store } from "../../builder/store/types.ts";

/** A store of its own in a directory that goes with it. */
export interface ScratchStore extends Disposable {
  readonly root: string;
  readonly store: Store;
  /** The same store as another process would open it. */
  reopen(): Store;
}

export function scratchStore(): ScratchStore {
  const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const reopen = (): Store => openStore({ root, env: {} });
  return { root, store: reopen(), reopen, [Symbol.dispose]: () => rmSync(root, { recursive: true }) };
}
