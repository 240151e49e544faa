import { existsSync, readFileSync } from "node:fs";
import { hexOf, type DiffId } from "../../builder/core/digest.ts";
import { changedFiles } from "../../builder/layers/compare-files.ts";
import { parseIndex } from "../../builder/layers/index-file.ts";
import { deltaChanges, layerDelta } from "../../builder/layers/layer-delta.ts";
import type { LayerIndex, Snapshot } from "../../builder/layers/types.ts";
import type { Store } from "../../builder/store/types.ts";
import { isOfForm, type SnapshotForm } from "./snapshot-form.ts";

/** Directories that one layer may become before it is made in full again: overlayfs looks into each of them. */
const MAX_DIRECTORIES = 8;
/** A delta with more of the layer than this share saves too little. */
const MAX_SHARE = 1 / 4;

/** The snapshot that the store has of a layer; undefined where it has none, or where a part of it is gone. */
export function storedSnapshot(store: Store, diffId: DiffId, form: SnapshotForm): Snapshot | undefined {
  const paths: string[] = [];
  for (let at: DiffId | undefined = diffId; at !== undefined;) {
    const record = store.layers.get(at);
    if (record?.snapshot === undefined || !isOfForm(record.snapshot, form)) return undefined;
    if (paths.length === MAX_DIRECTORIES) return undefined;
    const path = store.path("snapshots", record.snapshot);
    if (!existsSync(path)) return undefined;
    paths.unshift(path);
    at = record.on;
  }
  return paths;
}

/**
 * What has to be unpacked over the snapshot of an earlier layer to have that of `index`. Undefined where there is no such
 * snapshot, or where it is better made in full.
 */
export async function deltaOver(
  store: Store,
  earlier: DiffId,
  index: LayerIndex,
  tar: string,
  form: SnapshotForm,
): Promise<{ readonly below: Snapshot; readonly changes: LayerIndex } | undefined> {
  const below = storedSnapshot(store, earlier, form);
  const before = savedIndex(store, earlier);
  if (below === undefined || below.length >= MAX_DIRECTORIES || before === undefined) return undefined;
  if (!store.blobs.use(earlier)) return undefined;
  const delta = layerDelta(before, index);
  const limit = Math.max(16, index.changes.length * MAX_SHARE);
  if (delta === undefined || delta.put.length > limit) return undefined;
  const put = new Set([...delta.put, ...(await changedFiles(store.blobs.path(earlier), tar, delta.pairs))]);
  const changes = put.size > limit ? undefined : deltaChanges(index, put);
  return changes && { below, changes: { changes } };
}

/** A layer's index, where the store has it whole. */
export function savedIndex(store: Store, diffId: DiffId): LayerIndex | undefined {
  const path = store.path("indexes", hexOf(diffId));
  return existsSync(path) ? parseIndex(readFileSync(path)) : undefined;
}
