import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cacheKey } from "../../builder/cache/key.ts";
import { openCache } from "../../builder/cache/local.ts";
import type { LocalCache } from "../../builder/cache/types.ts";
import { keepContentList } from "../../builder/context/content-list.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import { Slots } from "../../builder/core/slots.ts";
import { recordingOf } from "../../builder/explain/records.ts";
import type { StepRecord } from "../../builder/explain/types.ts";
import type { Op } from "../../builder/graph/types.ts";
import type { Layer, RootFs } from "../../builder/layers/types.ts";
import { createOpRunner } from "../../builder/ops/runner.ts";
import type { OpServices } from "../../builder/ops/types.ts";
import { solve } from "../../builder/solver/solve.ts";
import type { OpRunner } from "../../builder/solver/types.ts";
import type { PlanOptions } from "../../builder/stages/types.ts";
import { openStore } from "../../builder/store/open.ts";
import { prunedIn } from "../../builder/store/tombstones.ts";
import type { Store } from "../../builder/store/types.ts";
import { plan, type FakeImage } from "../graph/planning.ts";
import { memoryTree, type MemoryFile } from "./memory-tree.ts";

/** One build: a Dockerfile, and all that it is built from and with. */
export interface DryBuild {
  readonly dockerfile: string;
  readonly files?: Readonly<Record<string, MemoryFile>>;
  /** What COPY --from of a stage finds, whichever stage. */
  readonly stageFiles?: Readonly<Record<string, MemoryFile>>;
  readonly images?: Readonly<Record<string, FakeImage>>;
  readonly options?: Partial<PlanOptions>;
  readonly sandbox?: Partial<OpServices["sandbox"]>;
  readonly epoch?: number;
  readonly noCache?: boolean;
  /** It is said of stages. */
  readonly byStage?: boolean;
  readonly cacheTtl?: number;
  /** A step whose name ends so fails. */
  readonly fails?: string;
}

/** A store in which steps are planned, keyed and recorded as ever, and run without doing anything. */
export class DryBuilds implements Disposable {
  readonly store: Store;
  readonly #layers = new Map<DiffId, Layer>();
  #count = 0;

  constructor() {
    this.store = openStore({ root: mkdtempSync(join(tmpdir(), "tsbuild-")), env: {} });
  }

  [Symbol.dispose](): void {
    rmSync(this.store.root, { recursive: true });
  }

  get cache(): LocalCache {
    return openCache(this.store, () => true);
  }

  /** Every layer is gone, and what is known of it. */
  loseLayers(): void {
    this.#layers.clear();
  }

  /** The steps as the journal has them. */
  async build(build: DryBuild): Promise<readonly StepRecord[]> {
    const { vertices, target } = await plan(build.dockerfile, build.options, build.images);
    const real = createOpRunner(this.#services(build), vertices);
    const runner: OpRunner = {
      ...real,
      async run({ op, name }, inputs) {
        if (build.fails !== undefined && name.endsWith(build.fails)) throw new Error("it failed");
        const base = "base" in op && op.base !== null ? (inputs[op.base]?.rootfs ?? []) : [];
        return { rootfs: [...base, ...made(op)] };
      },
    };
    const made = (op: Op): RootFs => {
      if (op.type === "image") return op.diffIds.map((diffId) => this.#layer(diffId));
      return op.type === "context" ? [] : [this.#layer(sha256(`layer ${++this.#count}`) as DiffId)];
    };
    const solution = solve({
      vertices,
      runner,
      cache: this.cache,
      openLayers: (diffIds) => {
        const layers = diffIds.flatMap((diffId) => this.#layers.get(diffId) ?? []);
        return layers.length === diffIds.length ? layers : undefined;
      },
      slots: new Slots({ network: 1, cpu: 1, exec: 1 }),
      signal: new AbortController().signal,
      emit: () => {},
      noCache: build.noCache ?? false,
      cacheTtl: build.cacheTtl,
    });
    if (target.rootfs !== null) await solution.result(target.rootfs).catch(() => undefined);
    const reportOf = solution.reportOf.bind(solution);
    return vertices.map(
      recordingOf({
        vertices,
        runner,
        reportOf,
        byStage: build.byStage ?? false,
        pruned: prunedIn(this.store.root),
      }),
    );
  }

  /** What became of each step: `ran RUN make`. */
  async outcomes(build: DryBuild): Promise<readonly string[]> {
    const steps = await this.build(build);
    return steps.flatMap(({ recorded, outcome, instruction }) =>
      recorded ? [`${outcome} ${instruction}`] : [],
    );
  }

  #layer(diffId: DiffId): Layer {
    const unused = (): never => {
      throw new Error(`layer ${cacheKey(diffId)} was looked into`);
    };
    const layer = { diffId: async () => diffId, index: unused, blob: unused, tar: unused, snapshot: unused };
    this.#layers.set(diffId, layer);
    return layer;
  }

  /** What keys are made with; nothing that runs a step. */
  #services({ files = {}, stageFiles = {}, sandbox, epoch }: DryBuild): OpServices {
    const services: Partial<OpServices> = {
      context: (name) =>
        Object.assign(memoryTree(files), {
          name,
          ignoredBy: () => undefined,
          readFile: () => undefined,
          changed: () => undefined,
        }),
      openContext: async () => {},
      tree: async () => memoryTree(stageFiles),
      withTars: async (work) => work(),
      keepContentList: (digest, list) => keepContentList(this.store, digest, list),
      sandbox: { limits: {}, ulimits: [], hosts: [], ...sandbox },
      ...(epoch === undefined ? {} : { epoch }),
    };
    return services as OpServices;
  }
}
