import { inlineCache } from "../cache/inline.ts";
import { selectRecords } from "../cache/select.ts";
import type { LocalCache } from "../cache/types.ts";
import { exportCaches, type Exportable } from "./cache-exports.ts";
import { CacheImports } from "./cache-imports.ts";
import type { AheadFailures } from "./export-ahead.ts";
import type { DiffId } from "../core/digest.ts";
import type { Vertex } from "../graph/types.ts";
import type { RootFs } from "../layers/types.ts";
import type { Session } from "../session/session.ts";
import type { Solution } from "../solver/types.ts";
import type { BuildOptions } from "../api/types.ts";

/** The caches that one build reads from elsewhere and writes elsewhere. */
export class BuildCaches {
  readonly imports: CacheImports;
  readonly #session: Session;
  readonly #options: BuildOptions;

  constructor(session: Session, options: BuildOptions) {
    this.#session = session;
    this.#options = options;
    this.imports = new CacheImports(session, options);
  }

  /** What a solved build has to give; undefined where nobody asked for it. */
  async exportable(
    vertices: readonly Vertex[],
    solution: Solution,
    local: LocalCache,
    results: readonly RootFs[],
    bases: ReadonlySet<DiffId>,
  ): Promise<Exportable | undefined> {
    if ((this.#options.cacheTo ?? []).length === 0) return undefined;
    const keys = vertices.map(({ id }) => solution.keysOf(id));
    const result = await diffIdsOf(results.flat());
    return { keys, local, result, bases };
  }

  /** What --cache-to type=inline puts into an image of these layers. */
  async inline({ keys, local }: Exportable, rootfs: RootFs): Promise<object | undefined> {
    if (this.#options.cacheTo?.some(({ type }) => type === "inline") !== true) return undefined;
    return inlineCache(selectRecords(keys, local, "min", await diffIdsOf(rootfs)));
  }

  /** Writes the caches beside the outputs, when those layers are there that are on their way. `settled` waits for the end of that, `done` rejects where it failed. */
  start(
    exported: Exportable | undefined,
    ahead: Promise<AheadFailures> | undefined,
  ): { settled(): Promise<void>; readonly done: Promise<void> } {
    const done = exported === undefined ? Promise.resolve() : this.#export(exported, ahead);
    const settled = done.catch(() => undefined);
    return { done, settled: () => settled };
  }

  async #export(exported: Exportable, ahead: Promise<AheadFailures> | undefined): Promise<void> {
    return exportCaches(this.#session, exported, this.#options, await ahead);
  }
}

function diffIdsOf(rootfs: RootFs): Promise<DiffId[]> {
  return Promise.all(rootfs.map((layer) => layer.diffId()));
}
