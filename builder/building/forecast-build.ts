import { prunedIn } from "../store/tombstones.ts";
import { existsSync } from "node:fs";
import { servicesFor } from "./build-services.ts";
import { placeOf } from "../planning/build-place.ts";
import { openCache } from "../cache/local.ts";
import { isReadable } from "./is-readable.ts";
import { compareBy } from "../explain/explanation.ts";
import { readJournal } from "../explain/journal.ts";
import { Reasons } from "../explain/reasons.ts";
import { recordingOf } from "../explain/records.ts";
import type { Reason } from "../explain/types.ts";
import type { Layer } from "../layers/types.ts";
import { withoutCache } from "./no-cache-filter.ts";
import { createOpRunner } from "../ops/runner.ts";
import { checkEntitlements } from "../ops/entitlements.ts";
import { openPlanning, planGraph } from "../planning/plan-dockerfile.ts";
import type { Session } from "../session/session.ts";
import { forecast, type Forecast } from "../solver/forecast.ts";
import type { BuildForecast, BuildOptions } from "../api/types.ts";

/** What a build would run, and why: keys are looked up, nothing is run and no layer is pulled. */
export async function forecastBuild(session: Session, options: BuildOptions): Promise<BuildForecast> {
  const { signal } = options;
  const { store } = session;
  // Nothing is stated of what is not built: then no source has to be asked what it is.
  const { attest: _attest, ...asked } = options;
  const opened = await openPlanning(session, asked);
  const { contexts } = opened;
  const graph = await planGraph(session, options, opened);
  checkEntitlements(graph, options.allow ?? []);
  const { vertices } = graph;
  const targets = graph.targets.flatMap(({ rootfs }) => rootfs ?? []);
  if (targets.length === 0) return { steps: [], pull: 0, pullAtMost: 0 };
  const services = await servicesFor(session, options, graph, contexts);
  const runner = createOpRunner(services, vertices);
  const cache = openCache(store, (diffId) => session.layers.open(diffId) !== undefined);
  // What another cache knows is not noted here: nothing has been built.
  const local = { ...cache, put: () => undefined, alias: () => undefined };
  const caches =
    (options.cacheFrom ?? []).length === 0
      ? undefined
      : new (await import("./cache-imports.ts")).CacheImports(session, options);
  const forecasts = await forecast({
    vertices,
    runner,
    cache: caches?.open(local) ?? local,
    openLayers: (diffIds) => session.layers.openAll(diffIds),
    isReadable: (rootfs) => isReadable(session, rootfs),
    noCache: options.noCache || withoutCache(graph, options),
    cacheTtl: options.cacheTtl,
    signal,
    targets,
  });
  const reports = new Map(forecasts.map(({ report }) => [report.id, report]));
  const reportOf = (id: (typeof vertices)[number]["id"]): Forecast["report"] => {
    const report = reports.get(id);
    return report ?? { id, recorded: false, outcome: "unused", lookups: [], forced: false };
  };
  const byStage = !options.noCache;
  const records = vertices.map(
    recordingOf({ vertices, runner, reportOf, byStage, pruned: prunedIn(store.root) }),
  );
  const reasons = new Reasons(records, readJournal(store, placeOf(options))?.last, compareBy(store));
  const whyOf = (number: number, verdict: Forecast["verdict"]): readonly Reason[] => {
    if (verdict === "run") return reasons.of(number);
    if (verdict !== "may-run") return [];
    const undecided = records[number]?.inputs.find((input) => /run/.test(forecasts[input]?.verdict ?? ""));
    const input = undecided === undefined ? undefined : records[undecided];
    return input === undefined ? [] : [{ why: "input-runs", step: input.name }];
  };
  const steps = records.flatMap(({ name, stage, recorded }, number) => {
    const verdict = forecasts[number]?.verdict ?? "unneeded";
    return recorded ? [{ step: name, stage, verdict, reasons: whyOf(number, verdict) }] : [];
  });
  const certain = forecasts.filter(({ read }) => read === "yes");
  const pull = await bytesToPull(session, certain);
  const pullAtMost = await bytesToPull(
    session,
    forecasts.filter(({ read }) => read !== "no"),
  );
  return { steps, pull, pullAtMost };
}

/** What a registry would have to send so that steps can read these: each layer once. */
async function bytesToPull({ store }: Session, read: readonly Forecast[]): Promise<number> {
  const layers = new Set<Layer>(read.flatMap(({ rootfs = [] }) => [...rootfs]));
  let bytes = 0;
  for (const layer of layers) {
    const diffId = await layer.diffId();
    const blob = layer.origin?.()?.blob;
    const { snapshot, compressed = [] } = store.layers.get(diffId) ?? {};
    const isHere =
      store.blobs.has(diffId) ||
      compressed.some(({ digest }) => store.blobs.has(digest)) ||
      (snapshot !== undefined && existsSync(store.path("snapshots", snapshot)));
    if (blob !== undefined && !isHere && !store.blobs.has(blob.digest)) bytes += blob.size;
  }
  return bytes;
}
