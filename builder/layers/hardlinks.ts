import { printable, type Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import { invalid } from "./invalid-archive.ts";

interface EntryChange {
  readonly kind: "entry";
  readonly entry: Entry;
}

/**
 * In a layer a hard link's target stands before it. Sorting can put a link first: then the first name becomes the file,
 * with all that its change carries, and the other names link to it. Links whose target is not among the changes stay.
 */
export function orderHardlinks<C extends { readonly kind: "whiteout" | "opaque" } | EntryChange>(
  changes: readonly C[],
): readonly C[] {
  if (!changes.some((change) => change.kind === "entry" && change.entry.type === "hardlink")) return changes;
  const at = new Map<Bytes, number>();
  changes.forEach((change, index) => {
    if (change.kind === "entry") at.set(change.entry.path, index);
  });
  const ordered = [...changes];
  /** Target that moved → the name that is the file now. */
  const moved = new Map<Bytes, Bytes>();
  changes.forEach((change, index) => {
    if (change.kind !== "entry" || change.entry.type !== "hardlink") return;
    const target = finalTarget(changes, at, change.entry);
    const targetAt = at.get(target);
    const original = targetAt === undefined ? undefined : changes[targetAt];
    if (targetAt === undefined || original?.kind !== "entry") {
      ordered[index] = { ...change, entry: { ...change.entry, link: target } };
    } else if (original.entry.type === "directory") {
      const [name, directory] = [printable(change.entry.path), printable(target)];
      throw invalid(`"${name}" is a hard link to the directory "${directory}"`);
    } else if (original.entry.type !== "file") {
      // A second name of a symlink, a device or a fifo: a layer that has it twice says the same.
      ordered[index] = { ...original, entry: { ...original.entry, path: change.entry.path } };
    } else if (targetAt < index || moved.has(target)) {
      ordered[index] = { ...change, entry: { ...change.entry, link: moved.get(target) ?? target } };
    } else {
      moved.set(target, change.entry.path);
      ordered[index] = { ...original, entry: { ...original.entry, path: change.entry.path } };
      ordered[targetAt] = { ...change, entry: { ...asLink(original.entry), link: change.entry.path } };
    }
  });
  return ordered;
}

/** The entry as one more name of a file. */
export function asLink(entry: Entry): Entry {
  return { ...entry, type: "hardlink", size: 0 };
}

/** Where a link to a link to a file ends; a circle ends anywhere in it. */
function finalTarget(
  changes: readonly ({ readonly kind: "whiteout" | "opaque" } | EntryChange)[],
  at: ReadonlyMap<Bytes, number>,
  link: Entry,
): Bytes {
  const seen = new Set<Bytes>([link.path]);
  let target = link.link ?? link.path;
  while (!seen.has(target)) {
    seen.add(target);
    const index = at.get(target);
    const change = index === undefined ? undefined : changes[index];
    if (change?.kind !== "entry" || change.entry.type !== "hardlink") break;
    target = change.entry.link ?? target;
  }
  return target;
}
