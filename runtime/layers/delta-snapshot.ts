import { existsSync, readFileSync } from "node:fs";
import type { Bytes } from "../../builder/core/bytes.ts";
import { hexOf, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { changedFiles } from "../../builder/layers/compare-files.ts";
import { parseIndex } from "../../builder/layers/index-file.ts";
import { deltaChanges, layerDelta, type DeltaChanges } from "../../builder/layers/layer-delta.ts";
import type { LayerIndex, RootFs, Snapshot } from "../../builder/layers/types.ts";
import { unionTree } from "../../builder/layers/union.ts";
import type { Store } from "../../builder/store/types.ts";
import { isOfForm, type SnapshotForm } from "./snapshot-form.ts";

/** Directories that one layer may become before it is made in full again: overlayfs looks into each of them. */
const MAX_DIRECTORIES = 8;
/** A delta with more of the layer than this share saves too little. */
const MAX_SHARE = 1 / 4;
/** Paths that are looked for in the layers below whenever the snapshot is used, and that the layer's record lists. */
const MAX_HIDES = 256;

/** The snapshot of a layer, and what it is good for. */
export interface LayerSnapshot {
  readonly directories: Snapshot;
  /** Where layers below must have nothing: what an older layer's snapshot has there is taken away by whiteouts. */
  readonly hides: readonly Bytes[];
}

/** The snapshot that the store has of a layer; undefined where it has none, or where a part of it is gone. */
export function storedSnapshot(store: Store, diffId: DiffId, form: SnapshotForm): LayerSnapshot | undefined {
  const paths: string[] = [];
  const hides: Bytes[] = [];
  for (let at: DiffId | undefined = diffId; at !== undefined;) {
    const record = store.layers.get(at);
    if (record?.snapshot === undefined || !isOfForm(record.snapshot, form)) return undefined;
    if (paths.length === MAX_DIRECTORIES) return undefined;
    const path = store.path("snapshots", record.snapshot);
    if (!existsSync(path)) return undefined;
    paths.unshift(path);
    hides.push(...(record.hides ?? []));
    at = record.on;
  }
  return { directories: paths, hides };
}

/** Whether layers below have nothing where a snapshot would hide it. */
export async function isGoodOver({ hides }: Pick<LayerSnapshot, "hides">, below: RootFs): Promise<boolean> {
  if (hides.length === 0) return true;
  const tree = unionTree(await Promise.all(below.map((layer) => layer.index())), noContent);
  return hides.every((path) => tree.stat(path) === undefined);
}

function noContent(): never {
  throw new TsbuildError("INTERNAL", "Cannot read files of layers that are looked at for their paths");
}

/** What has to be unpacked over the snapshot of an earlier layer to have that of another one. */
export interface SnapshotDelta extends DeltaChanges {
  readonly below: LayerSnapshot;
}

/** Undefined where there is no such snapshot, or where it is better made in full. */
export async function deltaOver(
  store: Store,
  earlier: DiffId,
  index: LayerIndex,
  tar: string,
  form: SnapshotForm,
): Promise<SnapshotDelta | undefined> {
  const below = storedSnapshot(store, earlier, form);
  const before = savedIndex(store, earlier);
  if (below === undefined || below.directories.length >= MAX_DIRECTORIES || before === undefined)
    return undefined;
  if (!store.blobs.use(earlier)) return undefined;
  const delta = layerDelta(before, index);
  const limit = Math.max(16, index.changes.length * MAX_SHARE);
  if (delta === undefined || delta.put.length + delta.gone.length > limit) return undefined;
  const changed = await changedFiles(store.blobs.path(earlier), tar, delta.pairs);
  if (delta.put.length + delta.gone.length + changed.length > limit) return undefined;
  const changes = deltaChanges(before, index, delta, changed);
  if (changes === undefined || changes.hides.length + below.hides.length > MAX_HIDES) return undefined;
  return { below, ...changes };
}

/** A layer's index, where the store has it whole. */
export function savedIndex(store: Store, diffId: DiffId): LayerIndex | undefined {
  const path = store.path("indexes", hexOf(diffId));
  return existsSync(path) ? parseIndex(readFileSync(path)) : undefined;
}
