import type { Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Layer, LayerBlob, RootFs } from "../layers/types.ts";
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
  readonly #tars = new Map<Layer, LayerBlob>();

  async of(rootfs: RootFs): Promise<Tree> {
    const indexes = await Promise.all(rootfs.map((layer) => layer.index()));
    return unionTree(indexes, (number, change) => {
      if (change.data !== undefined) return { kind: "bytes", data: Buffer.from(change.data, "latin1") };
      const layer = rootfs[number];
      if (layer === undefined)
        throw new TsbuildError("INTERNAL", `Cannot read layer ${number}: there is none`);
      const tar = this.#tars.get(layer);
      if (tar === undefined) throw new TarNeeded(layer);
      return { kind: "range", path: tar.path, offset: change.offset ?? 0, size: change.entry.size };
    });
  }

  /** A tree of which every file can be read. */
  async readable(rootfs: RootFs): Promise<Tree> {
    await Promise.all(rootfs.map(async (layer) => this.#tars.set(layer, await layer.tar())));
    return this.of(rootfs);
  }

  /** Does `work`, which must be able to begin anew, until every layer that it reads is here as a tar. */
  async withTars<T>(work: () => T | Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof TarNeeded)) throw error;
        this.#tars.set(error.layer, await error.layer.tar());
      }
    }
  }
}
