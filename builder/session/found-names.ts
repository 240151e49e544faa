import type { Digest } from "../core/digest.ts";
import type { RefStore, RefTarget } from "../store/types.ts";

interface Found {
  readonly target: RefTarget;
  /** Those of it that are to be used. */
  readonly manifests: ReadonlySet<Digest>;
  /** What the store had under this name then. */
  readonly before: Digest | undefined;
}

/**
 * Names that images of registries were found under. Layers come later, or never where no step reads them: the store gets the
 * name when the work is done, and not where a layer of the image was asked for and did not come.
 */
export class FoundNames {
  readonly #refs: RefStore;
  readonly #found = new Map<string, Found>();

  constructor(refs: RefStore) {
    this.#refs = refs;
  }

  /** What a name leads to: as it was found in this process, else in the store. */
  get(name: string): RefTarget | undefined {
    return this.#found.get(name)?.target ?? this.#refs.get(name);
  }

  /** A registry said what the name leads to, and which image of that is to be used. */
  add(name: string, target: RefTarget, manifest: Digest): void {
    const known = this.#found.get(name);
    const manifests = known?.target.digest === target.digest ? known.manifests : [];
    const before = this.#refs.get(name)?.digest;
    this.#found.set(name, { target, manifests: new Set([...manifests, manifest]), before });
  }

  /** A layer of this image does not come. */
  drop(manifest: Digest): void {
    for (const [name, { manifests }] of this.#found) if (manifests.has(manifest)) this.#found.delete(name);
  }

  /** Gives the store all of them, but for those that something else, as what was just built, has taken meanwhile. */
  keep(): void {
    for (const [name, { target, before }] of this.#found)
      if (this.#refs.get(name)?.digest === before) this.#refs.set(name, target);
    this.#found.clear();
  }
}
