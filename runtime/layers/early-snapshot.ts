import { renameSync } from "node:fs";
import type { Bytes } from "../../builder/core/bytes.ts";
import { Hasher, type Digest } from "../../builder/core/digest.ts";
import type { Content } from "../../builder/core/entry.ts";
import { ContentReader } from "../../builder/layers/content-reader.ts";
import type { LayerChange, LayerIndex, NewChange, RootFs } from "../../builder/layers/types.ts";
import type { ApplyStream } from "../types.ts";
import { deltaOver } from "./delta-over.ts";
import type { LayerSnapshot } from "./delta-snapshot.ts";
import { snapshotName, type SnapshotForm } from "./snapshot-form.ts";
import type { LayerServices, MadeSnapshot } from "./types.ts";

/** A layer of which not all is written yet. */
export interface Unsealed {
  readonly changes: readonly NewChange[];
  readonly outline: LayerIndex;
  readonly kin: Digest | undefined;
}

/** A snapshot whose layer has no DiffID yet. */
export interface EarlySnapshot extends LayerSnapshot {
  /** What the record of the layer is to say of it; undefined where it is another layer's altogether. */
  readonly own?: MadeSnapshot;
}

const PIECE = 1 << 20;

/**
 * The snapshot of a layer whose tar is still being written, where an equal COPY made one before: then only what differs is
 * read, once more. Undefined where that has to wait for the tar: no digest says what files hold, or they hold something else.
 */
export async function earlySnapshot(
  services: LayerServices,
  { changes, outline, kin }: Unsealed,
  form: SnapshotForm,
  below: RootFs,
): Promise<EarlySnapshot | undefined> {
  const { store } = services;
  const on = kin && services.copies.last(kin);
  const delta = on && (await deltaOver(store, on, { index: outline }, form, below));
  if (delta === undefined || on === undefined) return undefined;
  if (delta.changes.length === 0) return delta.below;
  const directory = store.tempPath("snapshot");
  const stream = (await services.helper()).apply(directory);
  try {
    if (!(await putAll(stream, delta.changes, contentsOf(changes, delta.changes)))) {
      await stream.abort();
      await (await services.helper()).remove([directory]);
      return undefined;
    }
    await stream.end();
  } catch (error) {
    await stream.abort();
    await (await services.helper()).remove([directory]);
    throw error;
  }
  const snapshot = snapshotName(form);
  const path = store.path("snapshots", snapshot);
  renameSync(directory, path);
  return {
    directories: [...delta.below.directories, path],
    hides: [...delta.below.hides, ...delta.hides],
    own: { snapshot, on, hides: delta.hides },
  };
}

/** Whether no snapshot could lie upon an earlier one even if all bytes were there to be compared. */
export function isOnItsOwn({ copies }: LayerServices, { outline, kin }: Unsealed): boolean {
  if (kin === undefined || copies.last(kin) === undefined) return true;
  return outline.changes.every(
    (change) => change.kind !== "entry" || change.entry.size === 0 || change.digest !== undefined,
  );
}

function contentsOf(
  changes: readonly NewChange[],
  wanted: readonly LayerChange[],
): ReadonlyMap<Bytes, Content> {
  const paths = new Set(wanted.flatMap((change) => (change.kind === "entry" ? [change.entry.path] : [])));
  const contents = new Map<Bytes, Content>();
  for (const change of changes)
    if (change.kind === "entry" && change.content !== undefined && paths.has(change.entry.path))
      contents.set(change.entry.path, change.content);
  return contents;
}

/** False where a file does not hold what its digest says. */
async function putAll(
  stream: ApplyStream,
  changes: readonly LayerChange[],
  contents: ReadonlyMap<Bytes, Content>,
): Promise<boolean> {
  using reader = new ContentReader();
  for (const change of changes) {
    if (change.kind === "whiteout") stream.whiteout(change.path);
    if (change.kind !== "entry") continue;
    const { entry } = change;
    stream.entry(entry);
    const content = contents.get(entry.path);
    if (entry.type !== "file" || entry.size === 0 || content === undefined) continue;
    const holds = await reader.withSlowly(content, async (read) => {
      const hasher = new Hasher();
      const buffer = Buffer.allocUnsafe(Math.min(PIECE, entry.size));
      let left = entry.size;
      for (; left > 0;) {
        const got = read(buffer, 0, Math.min(PIECE, left));
        if (got === 0) break;
        const piece = buffer.subarray(0, got);
        hasher.update(piece);
        stream.data(piece);
        left -= got;
        await stream.drain();
      }
      return left === 0 && (content.kind !== "file" || hasher.digest() === content.digest);
    });
    if (!holds) return false;
  }
  return true;
}
