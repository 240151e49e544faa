import type { DiffId } from "../../builder/core/digest.ts";
import { changedFiles } from "../../builder/layers/compare-files.ts";
import {
  deltaChanges,
  layerDelta,
  type DeltaChanges,
  type FilePair,
} from "../../builder/layers/layer-delta.ts";
import type { LayerChange, LayerIndex, RootFs } from "../../builder/layers/types.ts";
import type { Store } from "../../builder/store/types.ts";
import {
  isGoodOver,
  MAX_DIRECTORIES,
  savedIndex,
  storedSnapshot,
  type LayerSnapshot,
} from "./delta-snapshot.ts";
import type { SnapshotForm } from "./snapshot-form.ts";

/** A delta with more of the layer than this share saves too little. */
const MAX_SHARE = 1 / 4;
/** Paths that are looked for in the layers below whenever the snapshot is used, and that the layer's record lists. */
const MAX_HIDES = 256;

/** What has to be unpacked over the snapshot of an earlier layer to have that of another one. */
export interface SnapshotDelta extends DeltaChanges {
  readonly below: LayerSnapshot;
}

/**
 * Undefined where there is no such snapshot, where it is better made in full, or where it is not good over the layers below.
 * Without a `tar` also where the digests of files do not tell all.
 */
export async function deltaOver(
  store: Store,
  earlier: DiffId,
  { index, tar }: { readonly index: LayerIndex; readonly tar?: string },
  form: SnapshotForm,
  layersBelow: RootFs,
): Promise<SnapshotDelta | undefined> {
  const below = storedSnapshot(store, earlier, form);
  const before = savedIndex(store, earlier);
  if (below === undefined || below.directories.length >= MAX_DIRECTORIES || before === undefined)
    return undefined;
  const delta = layerDelta(before, index);
  const limit = Math.max(16, index.changes.length * MAX_SHARE);
  if (delta === undefined || delta.put.length + delta.gone.length > limit) return undefined;
  const changed = await changedOf(store, earlier, tar, delta.pairs);
  if (changed === undefined || delta.put.length + delta.gone.length + changed.length > limit)
    return undefined;
  const changes = deltaChanges(before, index, delta, changed);
  if (changes === undefined) return undefined;
  const hides = [...below.hides, ...changes.hides];
  if (hides.length > MAX_HIDES || !(await isGoodOver({ hides }, layersBelow))) return undefined;
  return { below, ...changes };
}

/** Those of these files that have other bytes; undefined where that cannot be told. */
async function changedOf(
  store: Store,
  earlier: DiffId,
  tar: string | undefined,
  pairs: readonly FilePair[],
): Promise<readonly LayerChange[] | undefined> {
  if (pairs.length === 0) return [];
  return tar !== undefined && store.blobs.use(earlier)
    ? changedFiles(store.blobs.path(earlier), tar, pairs)
    : undefined;
}
