const SLASH = 47;

/**
 * Order of a layer: by the bytes of each path component, so that a directory stands directly before what is in it. A
 * plain comparison of strings would put `a-b` between `a` and `a/c`, as "-" sorts before "/".
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    if (x === SLASH) return -1;
    if (y === SLASH) return 1;
    return x - y;
  }
  return a.length - b.length;
}

/** What stands at one path keeps this order: what deletes comes before what is put there. */
const KIND_ORDER = { whiteout: 0, entry: 1, opaque: 2 } as const;

type Change =
  | { readonly kind: "entry"; readonly entry: { readonly path: string } }
  | { readonly kind: "whiteout" | "opaque"; readonly path: string };

/** The path that a change is about. */
export function pathOf<P extends string>(
  change:
    | { readonly kind: "entry"; readonly entry: { readonly path: P } }
    | { readonly kind: "whiteout" | "opaque"; readonly path: P },
): P {
  return change.kind === "entry" ? change.entry.path : change.path;
}

/** The changes in the order of a layer; the same array where they are in it already. */
export function sortChanges<T extends Change>(changes: readonly T[]): readonly T[] {
  for (let i = 1; i < changes.length; i++) {
    const before = changes[i - 1];
    const after = changes[i];
    if (before !== undefined && after !== undefined && compareChanges(before, after) > 0) {
      return [...changes].sort(compareChanges);
    }
  }
  return changes;
}

function compareChanges(a: Change, b: Change): number {
  return comparePaths(pathOf(a), pathOf(b)) || KIND_ORDER[a.kind] - KIND_ORDER[b.kind];
}
