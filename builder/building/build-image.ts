import type { Digest } from "../core/digest.ts";
import type { PlannedStep } from "../core/events.ts";
import { openCache } from "../cache/local.ts";
import type { LocalCache } from "../cache/types.ts";
import type { SharedGraph } from "../graph/merge.ts";
import { createOpRunner } from "../ops/runner.ts";
import { checkEntitlements } from "../ops/entitlements.ts";
import type { OpServices } from "../ops/types.ts";
import { openOutputs } from "./open-outputs.ts";
import { opServices } from "./op-services.ts";
import { openContexts, type Contexts } from "../inputs/open-contexts.ts";
import type { BuiltImage, Output, OutputResult } from "../outputs/types.ts";
import { lockOf, planGraph } from "../planning/plan-dockerfile.ts";
import type { Built } from "./attest-images.ts";
import { BuildJournal } from "./build-journal.ts";
import { claimStep } from "./claim-step.ts";
import type { BuildCaches } from "./build-caches.ts";
import type { ExportAhead, Going } from "./export-ahead.ts";
import { findingLines, findLeaks, refuseLeaks, secretValues } from "./find-leaks.ts";
import { checkBudgets, growthOf } from "./growth.ts";
import { checkEmulators } from "./check-emulators.ts";
import { builtImage } from "./built-image.ts";
import { BuildSecrets } from "../session/secrets.ts";
import { StepLogs } from "./step-logs.ts";
import { withoutCache } from "./no-cache-filter.ts";
import { dropFailed } from "../session/failed-steps.ts";
import type { Session } from "../session/session.ts";
import { solve } from "../solver/solve.ts";
import type { BuildOptions, BuildResult, Entitlement } from "../api/types.ts";

/** Takes a Dockerfile all the way: text, graph, solution, image, outputs. */
export async function buildImage(session: Session, options: BuildOptions): Promise<BuildResult> {
  const { emit, signal } = options;
  const started = Date.now();
  const values = secretValues(secretsOf(session, options), options.secrets);
  const contexts = await openContexts(session, options);
  const lock = await lockOf(options, contexts);
  const graph = await planGraph(session, options, contexts, lock);
  const saved = lock?.save();
  if (saved !== undefined) emit({ type: "notice", message: saved });
  checkEntitlements(graph, allowedIn(options));
  const outputs = openOutputs(session, options);

  emit({ type: "plan", steps: graph.vertices.map(plannedStep) });
  const services = await servicesFor(session, options, graph, contexts);
  if (graph.vertices.some(({ op }) => op.type === "exec" && op.network === "default"))
    session.onHelper(async () => (await services.networks()).prepare());
  const remove = async (directory: string): Promise<void> => (await session.helper()).remove([directory]);
  session.onHelper(() => dropFailed(session.store, remove));
  const caches = await openCaches(session, options);
  const bases = new Set(graph.vertices.flatMap(({ op }) => (op.type === "image" ? op.diffIds : [])));
  await using ahead = await openAhead(session, options, { graph, outputs, bases });
  const runner = createOpRunner(services, graph.vertices);
  const logs = new StepLogs(session.store);
  const journal = new BuildJournal(session.store, options, { vertices: graph.vertices, runner });
  const noCache = options.noCache || withoutCache(graph, options);
  if (options.jobs !== undefined)
    for (const resource of ["cpu", "exec"] as const) session.slots.limit(resource, options.jobs);

  const openLocal = (): LocalCache =>
    openCache(session.store, (diffId) => session.layers.open(diffId) !== undefined);
  await checkEmulators(session, graph, () => {
    const cache = openLocal();
    return {
      runner,
      cache: caches?.imports.open(cache) ?? cache,
      noCache,
      cacheTtl: options.cacheTtl,
      signal,
    };
  });

  const attempt = async (): Promise<BuildResult> => {
    const local = openLocal();
    const solution = solve({
      vertices: graph.vertices,
      runner,
      cache: caches?.imports.open(local) ?? local,
      openLayers: (diffIds) => session.layers.openAll(diffIds),
      claim: (key, claimSignal, onWait) => claimStep(session.store, key, claimSignal, onWait),
      ...(ahead && { onResult: ahead.take }),
      slots: session.slots,
      signal,
      emit: journal.watching(logs.watching(caches?.imports.watching(emit) ?? emit)),
      noCache,
      cacheTtl: options.cacheTtl,
    });
    journal.attach(solution);
    const results = await Promise.all(
      graph.targets.map(async ({ rootfs }) =>
        rootfs === null ? [] : (await solution.result(rootfs)).rootfs,
      ),
    );
    const sent = ahead?.stop();
    contexts.save();
    journal.keep();
    if (options.budgets !== undefined) await checkBudgets(graph, results, options.budgets);
    const report = solution.report().filter(({ recorded }) => recorded);
    const ran = new Set(report.flatMap(({ id, outcome }) => (outcome === "ran" ? [id] : [])));
    const findings = findLeaks(graph, results, ran, values, options);
    // Looked at beside the writing; where that fails first, nobody waits for it any more.
    findings.catch(() => {});
    if (options.failOnSecrets === true) refuseLeaks(await findings);

    const exported = await caches?.exportable(graph.vertices, solution, local, results, bases);
    const images = await Promise.all(
      graph.targets.map(async (target, index): Promise<BuiltImage> => {
        const rootfs = results[index] ?? [];
        const image = builtImage(target, rootfs, (id) => solution.created(id));
        const inlineCache = exported && (await caches?.inline(exported, rootfs));
        return inlineCache ? { ...image, inlineCache } : image;
      }),
    );
    const attested = await withStatements(session, options, images, { contexts, graph, started });
    const writing = caches?.start(exported, sent);
    const written = await writeAll(outputs, attested, options).finally(writing?.settled);
    await writing?.done;
    await session.makeDurable();
    session.capCache(options.maxCacheSize);
    for (const message of findingLines(await findings)) emit({ type: "warning", message });
    return {
      ...summaryOf(written),
      platforms: graph.targets.map(({ platform }) => platform),
      ran: ran.size,
      cached: report.filter(({ outcome }) => outcome === "cached" || outcome === "shared").length,
      ...(ran.size > 0 && { growth: await growthOf(graph, results, (id) => ran.has(id)) }),
    };
  };
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted || caches?.imports.takeFailure() !== true) {
        journal.keep();
        throw error;
      }
    }
  }
}

/** Loaded where something is to be stated of the images. */
async function withStatements(
  session: Session,
  { attest, ...options }: BuildOptions,
  images: readonly BuiltImage[],
  built: Built,
): Promise<readonly BuiltImage[]> {
  if (attest === undefined) return images;
  const { attestImages } = await import("./attest-images.ts");
  return attestImages(session, { ...options, attest }, images, built);
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

/** What the steps of a build work with; the layers of its base images are known by then, and not fetched. */
export async function servicesFor(
  session: Session,
  options: BuildOptions,
  graph: SharedGraph,
  contexts: Contexts,
): Promise<OpServices> {
  const { emit, signal } = options;
  const secrets = secretsOf(session, options);
  const { epoch } = graph;
  const services = opServices(session, await contextsFor(graph, contexts, session, emit), secrets, epoch, {
    limits: {},
    ulimits: [],
    hosts: [],
    ...options.sandbox,
  });
  for (const vertex of graph.vertices)
    if (vertex.op.type === "image") services.imageLayers(vertex.op, { emit, signal, vertex });
  return services;
}

function secretsOf({ env }: Session, { secrets = [], ssh = {} }: BuildOptions): BuildSecrets {
  return new BuildSecrets(secrets, ssh, env);
}

/** --network=host allows steps the same network that it gives them, as docker's does (buildx build/opt.go). */
function allowedIn({ allow = [], network }: BuildOptions): readonly Entitlement[] {
  return network === "host" ? [...allow, "network.host"] : allow;
}

/** With SOURCE_DATE_EPOCH, what two checkouts of one commit differ in is taken out of their files. */
async function contextsFor(
  { epoch }: SharedGraph,
  contexts: Contexts,
  { env }: Session,
  emit: BuildOptions["emit"],
): Promise<Pick<Contexts, "open" | "get">> {
  if (epoch === undefined) return contexts;
  const { ReproducibleContexts } = await import("../inputs/reproducible-contexts.ts");
  return new ReproducibleContexts(contexts, epoch, env, emit);
}

async function writeAll(
  outputs: readonly Output[],
  images: readonly BuiltImage[],
  { emit, signal }: BuildOptions,
): Promise<OutputResult[]> {
  const results: OutputResult[] = [];
  for (const output of outputs) {
    signal.throwIfAborted();
    const phase = (state: "started" | "done" | "failed"): void =>
      emit({ type: "phase", name: output.label, state, time: Date.now() });
    phase("started");
    try {
      results.push(await output.write(images, { emit, signal }));
      phase("done");
    } catch (error) {
      phase("failed");
      throw error;
    }
  }
  return results;
}

/** The digest of the last output counts: what was pushed comes after what was stored. */
function summaryOf(
  results: readonly OutputResult[],
): Pick<BuildResult, "imageId" | "digest" | "descriptor" | "names"> {
  let imageId: Digest | undefined;
  let digest: Digest | undefined;
  let descriptor: BuildResult["descriptor"];
  const names = new Set<string>();
  for (const result of results) {
    imageId = result.imageId ?? imageId;
    digest = result.manifest ?? digest;
    descriptor = result.descriptor ?? descriptor;
    for (const name of result.names ?? []) names.add(name);
  }
  return {
    ...(imageId && { imageId }),
    ...(digest && { digest }),
    ...(descriptor && { descriptor }),
    names: [...names],
  };
}

function plannedStep({ id, name, inputs, stage, at }: SharedGraph["vertices"][number]): PlannedStep {
  return {
    id,
    name,
    inputs,
    ...(stage === undefined ? {} : { stage }),
    ...(at === undefined ? {} : { line: at.range.start.line }),
  };
}
