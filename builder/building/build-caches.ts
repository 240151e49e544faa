import { inlineCache } from "../cache/inline.ts";
import { selectRecords } from "../cache/select.ts";
import type { LocalCache } from "../cache/types.ts";
import { exportCaches, type Exportable } from "./cache-exports.ts";
import { CacheImports } from "./cache-imports.ts";
import type { DiffId } from "../core/digest.ts";
import type { BuildGraph } from "../graph/types.ts";
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
    graph: BuildGraph,
    solution: Solution,
    local: LocalCache,
    rootfs: RootFs,
    bases: ReadonlySet<DiffId>,
  ): Promise<Exportable | undefined> {
    if ((this.#options.cacheTo ?? []).length === 0) return undefined;
    const keys = graph.vertices.map(({ id }) => solution.keysOf(id));
    const result = await Promise.all(rootfs.map((layer) => layer.diffId()));
    return { keys, local, result, bases };
  }

  /** What --cache-to type=inline puts into the image. */
  inline({ keys, local, result }: Exportable): object | undefined {
    if (this.#options.cacheTo?.some(({ type }) => type === "inline") !== true) return undefined;
    return inlineCache(selectRecords(keys, local, "min", result));
  }

  /** Writes the caches beside the outputs. `settled` waits for the end of that, `done` rejects where it failed. */
  start(exported: Exportable | undefined): { settled(): Promise<void>; readonly done: Promise<void> } {
    const done =
      exported === undefined ? Promise.resolve() : exportCaches(this.#session, exported, this.#options);
    const settled = done.catch(() => undefined);
    return { done, settled: () => settled };
  }
}
