import { printable, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { parentOf } from "../core/paths.ts";
import { hashContent } from "./content-reader.ts";
import { endOf, lowerBound } from "./layer-ranges.ts";
import { pathOf } from "./path-order.ts";
import type { LayerChange, LayerIndex } from "./types.ts";

/** What a layer has at a path, if it is something. */
type EntryChange = Extract<LayerChange, { kind: "entry" }>;

/** Where the bytes of a regular file of a layer lie. */
type ContentOf = (layer: number, change: EntryChange) => Content;

/** A part of a layer's changes: what is below one directory. */
interface Slice {
  readonly layer: number;
  readonly from: number;
  readonly to: number;
}

/** What the union has at one path. Slices, top layer first, make up a directory's content. */
interface Node {
  readonly entry: Entry;
  readonly layer: number;
  readonly change: EntryChange | undefined;
  readonly slices: readonly Slice[];
}

const NO_SLICES: readonly Slice[] = [];

/**
 * The tree that layers make together, bottom first. Nothing is built: a layer's changes are sorted, so that what is
 * below a directory is a range of them, and a look-up narrows the ranges of the layers that take part in it. One more
 * layer costs nothing, a hundred layers cost only where they overlap.
 */
export function unionTree(indexes: readonly LayerIndex[], contentOf: ContentOf): Tree {
  return new Union(indexes, contentOf);
}

/** A change says the same in every union that its layer is part of. */
const hashes = new WeakMap<EntryChange, Digest>();

class Union implements Tree {
  readonly #layers: readonly LayerIndex[];
  readonly #contentOf: ContentOf;
  /** Directories that were looked into. */
  readonly #nodes = new Map<Bytes, Node | undefined>();

  constructor(layers: readonly LayerIndex[], contentOf: ContentOf) {
    this.#layers = layers;
    this.#contentOf = contentOf;
    const slices: Slice[] = [];
    for (let layer = layers.length - 1; layer >= 0; layer--) {
      const changes = layers[layer]?.changes ?? [];
      const first = changes[0];
      const opaque = first?.kind === "opaque" && first.path === "";
      slices.push({ layer, from: opaque ? 1 : 0, to: changes.length });
      if (opaque) break;
    }
    this.#nodes.set("" as Bytes, { entry: implicit("" as Bytes), layer: -1, change: undefined, slices });
  }

  stat(path: Bytes): Entry | undefined {
    const node = this.#node(path);
    if (node?.entry.type !== "hardlink") return node?.entry;
    // The file that it was linked to may be another one by now: then this name is a file of its own. So is another name of
    // a symlink, a device or a fifo, which ln(1) makes as well.
    const file = this.#fileOf(node);
    const target = this.#node(file.entry.path);
    if (file.entry.type === "file" && target?.change === file.change)
      return { ...node.entry, link: file.entry.path };
    return { ...file.entry, path };
  }

  list(path: Bytes): readonly Bytes[] {
    const node = this.#node(path);
    if (node === undefined) return [];
    const start = path === "" ? 0 : path.length + 1;
    const names = new Set<Bytes>();
    const hidden = new Set<Bytes>();
    for (const { layer, from, to } of node.slices) {
      const changes = this.#changes(layer);
      const gone: Bytes[] = [];
      for (let at = from; at < to;) {
        const change = changes[at];
        if (change === undefined) break;
        const full = pathOf(change);
        const slash = full.indexOf("/", start);
        const name = (slash < 0 ? full.slice(start) : full.slice(start, slash)) as Bytes;
        const end = endOf(changes, slash < 0 ? full : full.slice(0, slash), at, to);
        const deletes = change.kind === "whiteout" && slash < 0;
        if (!hidden.has(name) && !(deletes && end === at + 1)) names.add(name);
        if (deletes) gone.push(name);
        at = end;
      }
      for (const name of gone) hidden.add(name);
    }
    return [...names].sort();
  }

  hash(path: Bytes): Digest {
    const node = this.#file(path);
    const known = hashes.get(node.change);
    if (known !== undefined) return known;
    const hash = hashContent(contentOfChange(this.#contentOf, node.layer, node.change));
    hashes.set(node.change, hash);
    return hash;
  }

  content(path: Bytes): Content {
    const node = this.#file(path);
    return contentOfChange(this.#contentOf, node.layer, node.change);
  }

  #file(path: Bytes): LinkedNode {
    const node = this.#node(path);
    const file = node?.entry.type === "hardlink" ? this.#fileOf(node) : node;
    if (file !== undefined && isFile(file)) return file;
    throw new TsbuildError(
      "INTERNAL",
      `Cannot read "${printable(path)}": it is ${node === undefined ? "not there" : `a ${node.entry.type}`}`,
    );
  }

  /** What a hard link names: in its own layer, else in those below. */
  #fileOf(link: Node): LinkedNode {
    const target = link.entry.link ?? link.entry.path;
    const changes = this.#changes(link.layer);
    for (let at = lowerBound(changes, target, 0, changes.length); at < changes.length; at++) {
      const change = changes[at];
      if (change === undefined || pathOf(change) !== target) break;
      if (change.kind !== "entry") continue;
      const node = { entry: change.entry, layer: link.layer, change, slices: NO_SLICES };
      if (isLinked(node)) return node;
    }
    const below = new Union(this.#layers.slice(0, link.layer), this.#contentOf);
    const node = below.#node(target);
    const file = node?.entry.type === "hardlink" ? below.#fileOf(node) : node;
    if (file !== undefined && isLinked(file)) return file;
    const names = [link.entry.path, target].map(printable);
    throw new TsbuildError(
      "IMAGE_INVALID",
      `Cannot read "${names[0]}": it is a hard link to "${names[1]}", which is no file`,
    );
  }

  #node(path: Bytes): Node | undefined {
    const known = this.#nodes.get(path);
    if (known !== undefined || this.#nodes.has(path)) return known;
    const parent = this.#node(parentOf(path));
    const node = parent === undefined ? undefined : this.#child(parent, path);
    this.#nodes.set(path, node);
    return node;
  }

  #child(parent: Node, path: Bytes): Node | undefined {
    let top: { layer: number; change: EntryChange } | undefined;
    const slices: Slice[] = [];
    for (const slice of parent.slices) {
      const changes = this.#changes(slice.layer);
      const from = lowerBound(changes, path, slice.from, slice.to);
      const first = changes[from];
      if (from === slice.to || first === undefined) continue;
      if (!within(pathOf(first), path)) continue;
      const to = endOf(changes, path, from, slice.to);
      const here = readHere(changes, path, from, to);
      if (here.change !== undefined && here.change.entry.type !== "directory") {
        // Below a directory of a higher layer a file does not show; without one, it is all there is.
        if (top === undefined && slices.length === 0) {
          return { entry: here.change.entry, layer: slice.layer, change: here.change, slices: NO_SLICES };
        }
        break;
      }
      if (here.change !== undefined) top ??= { layer: slice.layer, change: here.change };
      if (here.change !== undefined || here.below < to)
        slices.push({ layer: slice.layer, from: here.below, to });
      if (here.cut) break;
    }
    if (top === undefined && slices.length === 0) return undefined;
    return {
      entry: top?.change.entry ?? implicit(path),
      layer: top?.layer ?? -1,
      change: top?.change,
      slices,
    };
  }

  #changes(layer: number): readonly LayerChange[] {
    return this.#layers[layer]?.changes ?? [];
  }
}

/** What hard links can be names of. */
interface LinkedNode extends Node {
  readonly change: EntryChange;
}

function isLinked(node: Node): node is LinkedNode {
  return node.change !== undefined && node.entry.type !== "directory" && node.entry.type !== "hardlink";
}

function isFile(node: Node): node is LinkedNode {
  return isLinked(node) && node.entry.type === "file";
}

/** What a layer says about a path itself: what is there, whether lower layers end here, where its content begins. */
function readHere(
  changes: readonly LayerChange[],
  path: Bytes,
  from: number,
  to: number,
): { readonly change: EntryChange | undefined; readonly cut: boolean; readonly below: number } {
  let change: EntryChange | undefined;
  let cut = false;
  let below = from;
  for (; below < to; below++) {
    const at = changes[below];
    if (at === undefined || pathOf(at) !== path) break;
    if (at.kind === "entry") change = at;
    else cut = true;
  }
  return { change, cut, below };
}

function within(path: string, directory: string): boolean {
  return (
    path.startsWith(directory) &&
    (path.length === directory.length || path.charCodeAt(directory.length) === 47)
  );
}

function contentOfChange(contentOf: ContentOf, layer: number, change: EntryChange): Content {
  if (change.data !== undefined) return { kind: "bytes", data: Buffer.from(change.data, "latin1") };
  return contentOf(layer, change);
}

/** A directory that no layer describes: the root, and parents that a layer left out. */
function implicit(path: Bytes): Entry {
  return { path, type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: 0 };
}
