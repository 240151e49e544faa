import type { Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import { parentOf } from "../core/paths.ts";
import { comparePaths, pathOf, sortChanges } from "./path-order.ts";
import type { LayerChange, LayerIndex } from "./types.ts";

type EntryChange = Extract<LayerChange, { kind: "entry" }>;

/** A regular file that two layers have alike, but for its bytes perhaps. */
export interface FilePair {
  readonly old: EntryChange;
  readonly new: EntryChange;
}

/** What of a layer is not as in an older one. */
export interface LayerDelta {
  /** New, or not alike. */
  readonly put: readonly EntryChange[];
  /** Files whose bytes nobody compared yet. */
  readonly pairs: readonly FilePair[];
  /** What the older layer alone has, but for what is in a directory that is gone or replaced itself. */
  readonly gone: readonly Bytes[];
  /** Directories in the place of something else: these do not show what lower layers have there either. */
  readonly grown: readonly Bytes[];
}

/** A directory that makes an older layer's snapshot a newer one's. */
export interface DeltaChanges {
  readonly changes: readonly LayerChange[];
  /** Where layers below must have nothing: overlayfs cannot take something away from one lower directory alone. */
  readonly hides: readonly Bytes[];
}

/**
 * What has to lie in a directory over an older layer's, so that both together are the newer layer's snapshot. Undefined
 * where no such directory exists: what one of them alone deletes in lower layers cannot be told apart.
 */
export function layerDelta(before: LayerIndex, after: LayerIndex): LayerDelta | undefined {
  if (deletionsOf(before) !== deletionsOf(after)) return undefined;
  const put: EntryChange[] = [];
  const pairs: FilePair[] = [];
  const gone: Bytes[] = [];
  const grown: Bytes[] = [];
  /** A directory of the older layer of which nothing is seen any more. */
  let covered: Bytes | undefined;
  const olds = before.changes.filter(isEntry);
  const news = after.changes.filter(isEntry);
  for (let i = 0, j = 0; i < olds.length || j < news.length;) {
    const old = olds[i];
    const now = news[j];
    const order =
      old === undefined ? 1 : now === undefined ? -1 : comparePaths(old.entry.path, now.entry.path);
    if (order <= 0) i++;
    if (order >= 0) j++;
    if (order > 0 && now !== undefined) put.push(now);
    else if (order < 0 && old !== undefined) {
      const { path } = old.entry;
      if (covered !== undefined && path.startsWith(`${covered}/`)) continue;
      gone.push(path);
      covered = path;
    } else if (old !== undefined && now !== undefined) {
      const wasDirectory = old.entry.type === "directory";
      const isDirectory = now.entry.type === "directory";
      if (isDirectory && !wasDirectory) grown.push(now.entry.path);
      if (wasDirectory && !isDirectory) covered = now.entry.path;
      const known = old.digest !== undefined && now.digest !== undefined;
      if (!alike(old.entry, now.entry) || (known && old.digest !== now.digest)) put.push(now);
      else if (!known && now.entry.type === "file" && now.entry.size > 0) pairs.push({ old, new: now });
    }
  }
  return { put, pairs, gone, grown };
}

/**
 * The changes that make up the directory: what is put and what is taken away, with the directories around it, as they are
 * in the new layer. `changed`: files of `pairs` that turned out to have other bytes.
 */
export function deltaChanges(
  before: LayerIndex,
  after: LayerIndex,
  { put, gone, grown }: LayerDelta,
  changed: readonly LayerChange[],
): DeltaChanges | undefined {
  const wanted = withOtherNames(new Set([...put, ...changed]), before, after);
  const parents = new Set<Bytes>();
  for (const path of [...[...wanted].map(pathOf), ...gone])
    for (let at = parentOf(path); at !== "" && !parents.has(at); at = parentOf(at)) parents.add(at);
  const changes: LayerChange[] = gone.map((path) => ({ kind: "whiteout", path }));
  for (const change of after.changes) {
    if (!isEntry(change)) continue;
    const isParent = parents.delete(change.entry.path);
    if (isParent || wanted.has(change)) changes.push(change);
  }
  // A parent that the layer does not describe would be made up.
  return parents.size === 0 ? { changes: sortChanges(changes), hides: [...gone, ...grown] } : undefined;
}

/**
 * Names of one file are put together: one that stayed behind would still name the older layer's file, and be seen to have
 * as many names as that had.
 */
function withOtherNames(put: Set<LayerChange>, before: LayerIndex, after: LayerIndex): Set<LayerChange> {
  const names = new Map<Bytes, Bytes[]>();
  for (const { entry } of [...before.changes, ...after.changes].filter(isEntry)) {
    if (entry.type !== "hardlink" || entry.link === undefined) continue;
    for (const [one, other] of [
      [entry.path, entry.link],
      [entry.link, entry.path],
    ] as const)
      names.set(one, [...(names.get(one) ?? []), other]);
  }
  if (names.size === 0) return put;
  const news = new Map(after.changes.filter(isEntry).map((change) => [change.entry.path, change]));
  const reached = new Set(
    [...names.keys()].filter((path) => {
      const change = news.get(path);
      return change === undefined || put.has(change);
    }),
  );
  for (const path of reached) {
    const change = news.get(path);
    if (change !== undefined) put.add(change);
    for (const other of names.get(path) ?? []) reached.add(other);
  }
  return put;
}

/** Whether two entries of one path have equal headers in a layer. */
export function alike(a: Entry, b: Entry): boolean {
  return (
    a.type === b.type &&
    a.mode === b.mode &&
    a.uid === b.uid &&
    a.gid === b.gid &&
    a.size === b.size &&
    a.mtime === b.mtime &&
    a.link === b.link &&
    a.major === b.major &&
    a.minor === b.minor &&
    (a.xattrs === b.xattrs || JSON.stringify(a.xattrs) === JSON.stringify(b.xattrs))
  );
}

function isEntry(change: LayerChange): change is EntryChange {
  return change.kind === "entry";
}

/** What a layer deletes in those below it, in one string. */
function deletionsOf({ changes }: LayerIndex): string {
  const deletions = changes.flatMap((change) => (isEntry(change) ? [] : [`${change.kind} ${change.path}`]));
  return deletions.join("\0");
}
