import type { Bytes } from "../core/bytes.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { joinPath } from "../core/paths.ts";
import { lowerBound } from "../layers/layer-ranges.ts";
import { pathOf } from "../layers/path-order.ts";
import type { LayerIndex } from "../layers/types.ts";
import { unionTree } from "../layers/union.ts";
import { entryAspects, inOrder } from "./entries.ts";
import type { FileDifference } from "./types.ts";

/** Where the bytes of a file lie: in the tar of a layer, or in its index. */
export type Place =
  | Content
  | { readonly kind: "layer"; readonly layer: number; readonly offset: number; readonly size: number };

/** A root filesystem out of its layers' indexes; no file of it is read. */
export class MergedFiles {
  readonly tree: Tree;
  readonly #indexes: readonly LayerIndex[];

  constructor(indexes: readonly LayerIndex[]) {
    this.#indexes = indexes;
    // The "path" of a range is the number of its layer: only who compares contents needs the layer's tar.
    this.tree = unionTree(indexes, (layer, change) => ({
      kind: "range",
      path: String(layer),
      offset: change.offset ?? 0,
      size: change.entry.size,
    }));
  }

  place(path: Bytes): Place {
    const content = this.tree.content(path);
    if (content.kind !== "range") return content;
    return { kind: "layer", layer: Number(content.path), offset: content.offset, size: content.size };
  }

  /** The layer that a path is from: the topmost that has it. Undefined for a directory that no layer describes. */
  layerOf(path: Bytes): number | undefined {
    for (let layer = this.#indexes.length - 1; layer >= 0; layer--) {
      const changes = this.#indexes[layer]?.changes ?? [];
      for (let at = lowerBound(changes, path, 0, changes.length); at < changes.length; at++) {
        const change = changes[at];
        if (change === undefined || pathOf<Bytes>(change) !== path) break;
        if (change.kind === "entry") return layer;
      }
    }
    return undefined;
  }
}

/** Whether the regular file at a path, of equal size in both, holds other bytes. */
type ContentDiffers = (path: Bytes) => Promise<boolean>;

/** What a container of one image sees and one of the other does not; `found` is called in the order of paths. */
export async function compareMerged(
  a: Tree,
  b: Tree,
  contentDiffers: ContentDiffers,
  found: (difference: FileDifference) => void,
): Promise<void> {
  const gone = (tree: Tree, path: Bytes, change: "added" | "removed"): void => {
    const entry = tree.stat(path);
    if (entry === undefined) return;
    found({ change, path, aspects: [], [change === "added" ? "b" : "a"]: entry });
    if (entry.type === "directory")
      for (const name of tree.list(path)) gone(tree, joinPath(path, name), change);
  };
  const both = async (path: Bytes): Promise<void> => {
    const namesA = new Set(a.list(path));
    const namesB = new Set(b.list(path));
    for (const name of [...new Set([...namesA, ...namesB])].sort()) {
      const child = joinPath(path, name);
      const ours = namesA.has(name) ? a.stat(child) : undefined;
      const theirs = namesB.has(name) ? b.stat(child) : undefined;
      if (ours === undefined) gone(b, child, "added");
      else if (theirs === undefined) gone(a, child, "removed");
      else {
        await here(child, ours, theirs);
        const directories = [ours.type, theirs.type].map((type) => type === "directory");
        if (directories.every(Boolean)) await both(child);
        else {
          if (directories[0]) for (const inner of a.list(child)) gone(a, joinPath(child, inner), "removed");
          if (directories[1]) for (const inner of b.list(child)) gone(b, joinPath(child, inner), "added");
        }
      }
    }
  };
  const here = async (path: Bytes, ours: Entry, theirs: Entry): Promise<void> => {
    const aspects = entryAspects(ours, theirs);
    const sameSize = ours.type === "file" && theirs.type === "file" && ours.size === theirs.size;
    if (sameSize && ours.size > 0 && (await contentDiffers(path))) aspects.push("content");
    if (aspects.length > 0) found({ change: "changed", path, aspects: inOrder(aspects), a: ours, b: theirs });
  };
  await both("" as Bytes);
}
