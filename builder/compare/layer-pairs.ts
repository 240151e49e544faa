import type { Bytes } from "../core/bytes.ts";
import { comparePaths, pathOf } from "../layers/path-order.ts";
import type { LayerChange, LayerIndex } from "../layers/types.ts";
import { entryAspects, inOrder } from "./entries.ts";
import type { Aspect, Face, FileDifference } from "./types.ts";

/** Whether two regular files of equal size hold other bytes. */
export type ContentDiffers = (a: LayerChange, b: LayerChange) => Promise<boolean>;

/** What one layer does and another does not. */
export async function compareLayers(
  a: LayerIndex,
  b: LayerIndex,
  contentDiffers: ContentDiffers,
): Promise<FileDifference[]> {
  const found: FileDifference[] = [];
  let at = 0;
  let other = 0;
  while (at < a.changes.length || other < b.changes.length) {
    const ours = a.changes[at];
    const theirs = b.changes[other];
    const order = compare(ours, theirs);
    if (order < 0 && ours !== undefined) {
      found.push({ change: "removed", path: pathOf(ours), aspects: [], a: faceOf(ours) });
      at++;
    } else if (order > 0 && theirs !== undefined) {
      found.push({ change: "added", path: pathOf(theirs), aspects: [], b: faceOf(theirs) });
      other++;
    } else if (ours !== undefined && theirs !== undefined) {
      const aspects = await aspectsOf(ours, theirs, contentDiffers);
      if (aspects.length > 0)
        found.push({ change: "changed", path: pathOf(ours), aspects, a: faceOf(ours), b: faceOf(theirs) });
      at++;
      other++;
    }
  }
  return found;
}

/** All of a layer that has no counterpart. */
export function wholeLayer(index: LayerIndex, change: "added" | "removed"): FileDifference[] {
  const side = change === "added" ? "b" : "a";
  return index.changes.map((found) => ({ change, path: pathOf(found), aspects: [], [side]: faceOf(found) }));
}

function compare(a: LayerChange | undefined, b: LayerChange | undefined): number {
  if (a === undefined) return b === undefined ? 0 : 1;
  if (b === undefined) return -1;
  return comparePaths(pathOf<Bytes>(a), pathOf<Bytes>(b)) || rank(a) - rank(b);
}

/** Of one path, what deletes is held against what deletes. */
function rank(change: LayerChange): number {
  return { whiteout: 0, entry: 1, opaque: 2 }[change.kind];
}

async function aspectsOf(
  a: LayerChange,
  b: LayerChange,
  contentDiffers: ContentDiffers,
): Promise<readonly Aspect[]> {
  if (a.kind !== "entry" || b.kind !== "entry") return [];
  const aspects = entryAspects(a.entry, b.entry);
  const sameSize = a.entry.type === "file" && b.entry.type === "file" && a.entry.size === b.entry.size;
  if (sameSize && a.entry.size > 0 && (await contentDiffers(a, b))) aspects.push("content");
  return inOrder(aspects);
}

function faceOf(change: LayerChange): Face {
  return change.kind === "entry" ? change.entry : { type: change.kind };
}
