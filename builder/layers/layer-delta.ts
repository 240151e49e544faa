import type { Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import { parentOf } from "../core/paths.ts";
import { comparePaths, pathOf } from "./path-order.ts";
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
}

/**
 * What has to lie in a directory over an older layer's, so that both together are the newer layer's snapshot, whatever
 * layers are below them. Undefined where no such directory exists: to take a path away needs a whiteout, which hides what
 * lower layers have there as well, and a directory in a file's place hides it too.
 */
export function layerDelta(before: LayerIndex, after: LayerIndex): LayerDelta | undefined {
  const put: EntryChange[] = [];
  const pairs: FilePair[] = [];
  /** What stands where the older layer had a directory: it hides all that was in it. */
  let hidden: Bytes | undefined;
  const olds = before.changes;
  const news = after.changes;
  for (let i = 0, j = 0; i < olds.length || j < news.length;) {
    const old = olds[i];
    const now = news[j];
    if ((old !== undefined && old.kind !== "entry") || (now !== undefined && now.kind !== "entry"))
      return undefined;
    const order =
      old === undefined ? 1 : now === undefined ? -1 : comparePaths(old.entry.path, now.entry.path);
    if (order <= 0) i++;
    if (order >= 0) j++;
    // The file that it was a name of would still be seen to have two.
    const wasLink = order <= 0 && old?.entry.type === "hardlink";
    if (wasLink && (now === undefined || order < 0 || !alike(old.entry, now.entry))) return undefined;
    if (order < 0) {
      if (hidden === undefined || !old?.entry.path.startsWith(`${hidden}/`)) return undefined;
    } else if (now !== undefined && (order > 0 || old === undefined)) put.push(now);
    else if (now !== undefined && old !== undefined) {
      const wasDirectory = old.entry.type === "directory";
      const isDirectory = now.entry.type === "directory";
      if (isDirectory && !wasDirectory) return undefined;
      if (wasDirectory && !isDirectory) hidden = now.entry.path;
      const known = old.digest !== undefined && now.digest !== undefined;
      if (!alike(old.entry, now.entry) || (known && old.digest !== now.digest)) put.push(now);
      else if (!known && now.entry.type === "file" && now.entry.size > 0) pairs.push({ old, new: now });
    }
  }
  return { put, pairs };
}

/**
 * The changes that make up the directory: what is put, with the directories around it, as they are in the new layer.
 * Undefined where a name of a file with several names is among them: its other names would stay with the old file.
 */
export function deltaChanges(
  after: LayerIndex,
  put: ReadonlySet<LayerChange>,
): readonly LayerChange[] | undefined {
  const wanted = new Set<Bytes>();
  const paths = new Set([...put].map(pathOf));
  for (const change of put) {
    if (change.kind === "entry" && change.entry.type === "hardlink") return undefined;
    for (let at = parentOf(pathOf(change)); at !== "" && !wanted.has(at); at = parentOf(at)) wanted.add(at);
  }
  const changes: LayerChange[] = [];
  for (const change of after.changes) {
    const path = pathOf(change);
    if (change.kind === "entry" && change.entry.link !== undefined && change.entry.type === "hardlink")
      if (paths.has(change.entry.link)) return undefined;
    const isParent = wanted.delete(path);
    if (isParent || put.has(change)) changes.push(change);
  }
  // A parent that the layer does not describe would be made up.
  return wanted.size === 0 ? changes : undefined;
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
