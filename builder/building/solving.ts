import { openCache } from "../cache/local.ts";
import type { LocalCache } from "../cache/types.ts";
import type { DiffId } from "../core/digest.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { Vertex } from "../graph/types.ts";
import type { RootFs } from "../layers/types.ts";
import { createOpRunner } from "../ops/runner.ts";
import type { OpServices } from "../ops/types.ts";
import type { Output } from "../outputs/types.ts";
import type { Session } from "../session/session.ts";
import { solve } from "../solver/solve.ts";
import type { Solution } from "../solver/types.ts";
import type { BuildOptions } from "../api/types.ts";
import type { BuildCaches } from "./build-caches.ts";
import { BuildJournal } from "./build-journal.ts";
import { checkEmulators } from "./check-emulators.ts";
import { claimStep } from "./claim-step.ts";
import type { AheadFailures, ExportAhead, Going } from "./export-ahead.ts";
import { withoutCache } from "./no-cache-filter.ts";
import type { StepExplainer } from "./step-explainer.ts";
import { StepLogs } from "./step-logs.ts";

/** A graph and what its steps work with, and where its images go. */
export interface Problem {
  readonly graph: SharedGraph;
  readonly services: OpServices;
  readonly outputs: readonly Output[];
}

/** A graph that is solved. */
export interface Solved {
  readonly solution: Solution;
  /** The root filesystems of the targets. */
  readonly results: readonly RootFs[];
  /** The records of this store, without what other caches know. */
  readonly local: LocalCache;
  /** The layers that left while steps ran. */
  readonly sent: Promise<AheadFailures> | undefined;
}

/** The solver with all that stands around it in a build: caches from elsewhere, the journal, logs, layers that leave early. */
export interface Solving extends AsyncDisposable {
  /** Layers of base images. */
  readonly bases: ReadonlySet<DiffId>;
  readonly caches: BuildCaches | undefined;
  readonly journal: BuildJournal;
  /** Solves the graph, from the beginning at each call. */
  solve(): Promise<Solved>;
}

/** Opens what is needed to solve a graph; refuses one that cannot be run here. */
export async function openSolving(
  session: Session,
  options: BuildOptions,
  { graph, services, outputs }: Problem,
): Promise<Solving> {
  const { emit, signal, cacheTtl } = options;
  const { vertices } = graph;
  const caches = await openCaches(session, options);
  const bases = new Set(vertices.flatMap(({ op }) => (op.type === "image" ? op.diffIds : [])));
  const runner = createOpRunner(services, vertices);
  const logs = new StepLogs(session.store);
  const explainer = await openExplainer(session, options, vertices);
  const journal = new BuildJournal(session.store, options, { vertices, runner }, explainer);
  const noCache = options.noCache || withoutCache(graph, options);
  if (options.jobs !== undefined)
    for (const resource of ["cpu", "exec"] as const) session.slots.limit(resource, options.jobs);

  const openLocal = (): LocalCache =>
    openCache(session.store, (diffId) => session.layers.open(diffId) !== undefined);
  await checkEmulators(session, graph, () => {
    const cache = openLocal();
    return { runner, cache: caches?.imports.open(cache) ?? cache, noCache, cacheTtl, signal };
  });
  const ahead = await openAhead(session, options, { graph, outputs, bases });

  return {
    bases,
    caches,
    journal,
    solve: async () => {
      const local = openLocal();
      const solution = solve({
        vertices,
        runner,
        cache: caches?.imports.open(local) ?? local,
        openLayers: (diffIds) => session.layers.openAll(diffIds),
        claim: (key, claimSignal, onWait) => claimStep(session.store, key, claimSignal, onWait),
        ...(ahead && { onResult: ahead.take }),
        slots: session.slots,
        signal,
        emit: journal.watching(logs.watching(caches?.imports.watching(emit) ?? emit)),
        noCache,
        // What is made ahead would be made for nothing where another machine's cache has it.
        runAhead: (options.cacheFrom ?? []).length === 0,
        cacheTtl,
      });
      journal.attach(solution);
      const results = await Promise.all(
        graph.targets.map(async ({ rootfs }) =>
          rootfs === null ? [] : (await solution.result(rootfs)).rootfs,
        ),
      );
      return { solution, results, local, sent: ahead?.stop() };
    },
    [Symbol.asyncDispose]: async () => ahead?.[Symbol.asyncDispose](),
  };
}

/** Loaded where it is wanted. */
async function openExplainer(
  { store }: Session,
  options: BuildOptions,
  vertices: readonly Vertex[],
): Promise<StepExplainer | undefined> {
  if (options.explain !== true) return undefined;
  const { StepExplainer } = await import("./step-explainer.ts");
  return new StepExplainer(store, options, vertices);
}

/** Loaded where caches travel at all. */
async function openCaches(session: Session, options: BuildOptions): Promise<BuildCaches | undefined> {
  if ((options.cacheFrom ?? []).length + (options.cacheTo ?? []).length === 0) return undefined;
  const { BuildCaches } = await import("./build-caches.ts");
  return new BuildCaches(session, options);
}

/** Loaded where layers leave this machine. */
async function openAhead(
  session: Session,
  options: BuildOptions,
  going: Going,
): Promise<ExportAhead | undefined> {
  const leave =
    going.outputs.some(({ sends }) => sends !== undefined) ||
    options.cacheTo?.some(({ type }) => type !== "inline") === true;
  if (!leave) return undefined;
  const { ExportAhead } = await import("./export-ahead.ts");
  return new ExportAhead(session, options, going);
}
