import { existsSync, readFileSync } from "node:fs";
import type { Bytes } from "../../builder/core/bytes.ts";
import { hexOf, type DiffId } from "../../builder/core/digest.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { parseIndex } from "../../builder/layers/index-file.ts";
import { outlineOf } from "../../builder/layers/outline-of.ts";
import type { LayerIndex, RootFs, Snapshot } from "../../builder/layers/types.ts";
import type { Store } from "../../builder/store/types.ts";
import { isOfForm, type SnapshotForm } from "./snapshot-form.ts";

/** Directories that one layer may become before it is made in full again: overlayfs looks into each of them. */
export const MAX_DIRECTORIES = 8;
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
  const { unionTree } = await import("../../builder/layers/union.ts");
  const tree = unionTree(await Promise.all(below.map(outlineOf)), noContent);
  return hides.every((path) => tree.stat(path) === undefined);
}

function noContent(): never {
  throw new TsbuildError("INTERNAL", "Cannot read files of layers that are looked at for their paths");
}

/** The index that was read last, as long as somebody works with it: to seal a layer and to unpack it takes the same one. */
let recent: { readonly path: string; readonly index: WeakRef<LayerIndex> } | undefined;

/** A layer's index, where the store has it whole. */
export function savedIndex(store: Store, diffId: DiffId): LayerIndex | undefined {
  const path = store.path("indexes", hexOf(diffId));
  const known = recent?.path === path ? recent.index.deref() : undefined;
  if (known !== undefined) return known;
  const index = existsSync(path) ? parseIndex(readFileSync(path)) : undefined;
  if (index !== undefined) recent = { path, index: new WeakRef(index) };
  return index;
}
