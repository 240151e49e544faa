import type { VertexId } from "../core/events.ts";

/** The inputs of one vertex while its op is made: an op names them by index, each one once. */
export class Inputs {
  readonly #ids: VertexId[] = [];

  indexOf(id: VertexId): number {
    const known = this.#ids.indexOf(id);
    return known < 0 ? this.#ids.push(id) - 1 : known;
  }

  /** For the root filesystem, which may be empty. */
  base(id: VertexId | null): number | null {
    return id === null ? null : this.indexOf(id);
  }

  get ids(): readonly VertexId[] {
    return this.#ids;
  }
}
