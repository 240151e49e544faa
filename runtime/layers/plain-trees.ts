import type { DiffId } from "../../builder/core/digest.ts";
import type { Tree } from "../../builder/core/entry.ts";
import { flatten } from "../../builder/layers/flatten.ts";
import type { Layer, NewChange, RootFs } from "../../builder/layers/types.ts";
import type { ApplyStream, Helper } from "../types.ts";
import { applyIndexed } from "./apply-indexed.ts";

export interface PlainTreeServices {
  helper(): Promise<Helper>;
  /** A path for a new directory that nobody else uses. */
  tempPath(label: string): string;
  /** The union of layers, of which every file can be read. */
  readable(rootfs: RootFs): Promise<Tree>;
}

/** A whole root filesystem in a directory, and the layers that it is made of. */
interface PlainTree {
  readonly path: string;
  readonly layers: readonly DiffId[];
}

/** Entries between two looks at whether the helper keeps up. */
const BATCH = 256;

/**
 * Whole copies of root filesystems, for where no overlay can be mounted. Each file is written once, from the layers' tars.
 * A step that follows another one takes over the tree that it left, so that a Dockerfile without branches pays for one.
 */
export class PlainTrees {
  readonly #services: PlainTreeServices;
  readonly #left: PlainTree[] = [];
  readonly #shared = new Map<string, Promise<string>>();

  constructor(services: PlainTreeServices) {
    this.#services = services;
  }

  /** A tree to write to: the caller's own. */
  async take(rootfs: RootFs): Promise<string> {
    const ids = await idsOf(rootfs);
    const near = this.#takeNearest(ids);
    if (near !== undefined) {
      if (await this.#extend(near, rootfs.slice(near.layers.length))) return near.path;
      await this.discard(near.path);
    }
    return this.#make(rootfs);
  }

  /** Takes back a tree that has become this root filesystem. */
  async leave(path: string, rootfs: RootFs): Promise<void> {
    this.#left.push({ path, layers: await idsOf(rootfs) });
  }

  async discard(path: string): Promise<void> {
    await (await this.#services.helper()).remove([path]);
  }

  /** A tree that nobody writes to. */
  async shared(rootfs: RootFs): Promise<string> {
    const key = (await idsOf(rootfs)).join();
    const made = this.#shared.get(key) ?? this.#make(rootfs);
    this.#shared.set(key, made);
    return made;
  }

  #takeNearest(ids: readonly DiffId[]): PlainTree | undefined {
    const fitting = this.#left.filter(({ layers }) => layers.every((id, at) => ids[at] === id));
    const longest = fitting.sort((a, b) => b.layers.length - a.layers.length)[0];
    if (longest !== undefined) this.#left.splice(this.#left.indexOf(longest), 1);
    return longest;
  }

  /** Unpacks further layers over a tree; false where that takes more than writing files. */
  async #extend(tree: PlainTree, layers: readonly Layer[]): Promise<boolean> {
    const helper = await this.#services.helper();
    for (const layer of layers) {
      const [tar, index] = [await layer.tar(), await layer.index()];
      if (index.changes.some(({ kind }) => kind !== "entry")) return false;
      try {
        await applyIndexed(helper, tree.path, index, tar.path);
      } catch {
        // A parent that is a symlink in the tree, as `COPY --link` may have it: the union knows what that means.
        return false;
      }
    }
    return true;
  }

  async #make(rootfs: RootFs): Promise<string> {
    const tree = await this.#services.readable(rootfs);
    const path = this.#services.tempPath("tree");
    const stream = (await this.#services.helper()).apply(path);
    try {
      let count = 0;
      for (const change of flatten(tree)) {
        put(stream, change);
        if (++count % BATCH === 0) await stream.drain();
      }
      await stream.end();
    } catch (error) {
      await stream.abort();
      await this.discard(path);
      throw error;
    }
    return path;
  }
}

function put(stream: ApplyStream, change: NewChange): void {
  if (change.kind !== "entry") return;
  const { entry, content } = change;
  stream.entry(entry);
  if (entry.type !== "file" || entry.size === 0 || content === undefined) return;
  if (content.kind === "bytes") stream.data(content.data);
  else if (content.kind === "range") stream.range(content.path, content.offset, entry.size);
}

function idsOf(rootfs: RootFs): Promise<DiffId[]> {
  return Promise.all(rootfs.map((layer) => layer.diffId()));
}
