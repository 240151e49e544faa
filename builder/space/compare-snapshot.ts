import { printable, type Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import type { LayerIndex } from "../layers/types.ts";

/**
 * Whether what lies in a snapshot is what its layer's index says: each path with its type, size, mode and link. Owners
 * are not compared, as a user with a single id cannot give them, nor are parents that the layer leaves out. `isPart`: what is
 * not in it lies in the snapshot below.
 */
export function compareSnapshot(
  found: ReadonlyMap<Bytes, Entry>,
  index: LayerIndex,
  isPart: boolean,
): string | undefined {
  const wanted = new Map<Bytes, Entry>();
  const hidden = new Set<Bytes>();
  for (const change of index.changes) {
    if (change.kind === "entry") wanted.set(change.entry.path, change.entry);
    else hidden.add(change.path);
  }
  for (const [path, entry] of wanted) {
    const there = found.get(path);
    if (there === undefined && isPart) continue;
    const wrong = there === undefined ? "is missing" : differenceOf(entry, there);
    if (path !== "" && wrong !== undefined) return `"${printable(path)}" ${wrong}`;
  }
  for (const [path, entry] of found) {
    if (entry.type !== "directory" && !wanted.has(path) && !hidden.has(path))
      return `"${printable(path)}" is not in the layer`;
  }
  return undefined;
}

function differenceOf(wanted: Entry, found: Entry): string | undefined {
  if (wanted.type === "hardlink" || found.type === "hardlink") return undefined;
  if (wanted.type !== found.type) return `is a ${found.type}, not a ${wanted.type}`;
  if (wanted.type === "symlink") return wanted.link === found.link ? undefined : "leads elsewhere";
  if (wanted.mode !== found.mode) return `has mode ${found.mode.toString(8)}, not ${wanted.mode.toString(8)}`;
  return wanted.type === "file" && wanted.size !== found.size
    ? `has ${found.size} bytes, not ${wanted.size}`
    : undefined;
}
