import type { Bytes } from "../core/bytes.ts";
import type { Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { lowerBound } from "../layers/layer-ranges.ts";
import { outlineOf } from "../layers/outline-of.ts";
import { pathOf } from "../layers/path-order.ts";
import type { Layer, LayerIndex, RootFs } from "../layers/types.ts";
import { unionTree } from "../layers/union.ts";

/** Thrown by a tree's synchronous reads where the bytes lie in a layer that is not here as a plain tar. */
class TarNeeded extends Error {
  readonly layer: Layer;

  constructor(layer: Layer) {
    super("a layer's tar is needed");
    this.layer = layer;
  }
}

/**
 * Trees over layers. What a layer has is known from its index; its bytes are asked of its tar, which for a pulled layer
 * is made only when somebody reads a file of it.
 */
export class LayerTrees {
  readonly #tars = new Map<Layer, { readonly path: string; readonly index: LayerIndex }>();

  async of(rootfs: RootFs): Promise<Tree> {
    const indexes = await Promise.all(rootfs.map(outlineOf));
    return unionTree(indexes, (number, change) => {
      if (change.data !== undefined) return { kind: "bytes", data: Buffer.from(change.data, "latin1") };
      const layer = rootfs[number];
      if (layer === undefined)
        throw new TsbuildError("INTERNAL", `Cannot read layer ${number}: there is none`);
      const tar = this.#tars.get(layer);
      if (tar === undefined) throw new TarNeeded(layer);
      const offset = change.offset ?? offsetIn(tar.index, change.entry.path);
      return { kind: "range", path: tar.path, offset, size: change.entry.size };
    });
  }

  /** A tree of which every file can be read. */
  async readable(rootfs: RootFs): Promise<Tree> {
    await Promise.all(rootfs.map((layer) => this.#open(layer)));
    return this.of(rootfs);
  }

  /** Does `work`, which must be able to begin anew, until every layer that it reads is here as a tar. */
  async withTars<T>(work: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TarNeeded)) throw error;
        await this.#open(error.layer);
      }
    }
  }

  async #open(layer: Layer): Promise<void> {
    const [{ path }, index] = [await layer.tar(), await layer.index()];
    this.#tars.set(layer, { path, index });
  }
}

/** Where a file's bytes lie, of which a layer's outline did not know that yet. */
function offsetIn({ changes }: LayerIndex, path: Bytes): number {
  for (let at = lowerBound(changes, path, 0, changes.length); at < changes.length; at++) {
    const change = changes[at];
    if (change === undefined || pathOf(change) !== path) break;
    if (change.kind === "entry") return change.offset ?? 0;
  }
  return 0;
}
