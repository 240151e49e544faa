import { closeSync, openSync } from "node:fs";
import type { DiffId } from "../../builder/core/digest.ts";
import type { LayerIndex } from "../../builder/layers/types.ts";
import type { Store } from "../../builder/store/types.ts";
import { savedIndex } from "./delta-snapshot.ts";

/** An open tar, and what is where in it. */
export interface EarlierTar extends Disposable {
  readonly index: LayerIndex;
  readonly fd: number;
}

/** The tar of a layer that was made before, to take parts of; undefined where the store has not all that it takes. */
export function earlierTar(store: Store, diffId: DiffId): EarlierTar | undefined {
  const size = store.layers.get(diffId)?.size;
  const index = size === undefined ? undefined : savedIndex(store, diffId);
  // One that is in use now is not removed before this session ends.
  if (index === undefined || !store.blobs.use(diffId) || store.blobs.size(diffId) !== size) return undefined;
  const fd = openSync(store.blobs.path(diffId), "r");
  return { index, fd, [Symbol.dispose]: () => closeSync(fd) };
}
