import { lazy } from "../../builder/core/lazy.ts";
import type { Layer, Snapshot } from "../../builder/layers/types.ts";

/** What a step wrote: its snapshot is there at once, everything else when its blob is sealed. */
export class UpperLayer implements Layer {
  readonly #path: string;
  readonly #sealed: () => Promise<Layer>;

  constructor(path: string, seal: () => Promise<Layer>) {
    this.#path = path;
    this.#sealed = lazy(seal);
  }

  readonly diffId = async () => (await this.#sealed()).diffId();
  readonly index = async () => (await this.#sealed()).index();
  readonly blob = async () => (await this.#sealed()).blob();
  readonly tar = async () => (await this.#sealed()).tar();
  readonly snapshot = async (): Promise<Snapshot> => [this.#path];
}
