import type { SourceText } from "../core/diagnostic.ts";
import { hostPlatform, type Platform } from "../core/platform.ts";
import { baseImages, type BaseImageOptions } from "../inputs/base-images.ts";
import { buildId } from "./build-id.ts";
import { placeOf } from "./build-place.ts";
import { readDockerfile } from "./dockerfile-source.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import { mergeGraphs, type SharedGraph } from "../graph/merge.ts";
import type { BuildGraph } from "../graph/types.ts";
import { openContexts, type Contexts } from "../inputs/open-contexts.ts";
import type { SourceLock } from "../inputs/lock/source-lock.ts";
import { rememberedPlan, type PlanCacheOptions, type Planning } from "./plan-cache.ts";
import { GRAPH, type Format } from "./plan-file.ts";
import type { Session } from "../session/session.ts";
import { withPin } from "../stages/pins.ts";
import type { EmitWarning } from "../stages/problems.ts";
import type { BaseImages, PlanOptions } from "../stages/types.ts";
import type { BuildOptions } from "../api/types.ts";

/**
 * The graph of the Dockerfile that a build names: all of the road that needs nothing but documents. Each platform is
 * planned on its own; what they have in common is in the graph once.
 */
export async function planGraph(
  session: Session,
  options: BuildOptions,
  { contexts, lock }: Opened,
): Promise<SharedGraph> {
  const source = await readDockerfile(options, contexts);
  const platforms = options.platforms ?? [undefined];
  const told = new Set<string>();
  const warn: EmitWarning = (message, diagnostic) => {
    const text = JSON.stringify([message, diagnostic?.range]);
    if (!told.has(text)) warningsTo(options)(message, diagnostic);
    told.add(text);
  };
  const plan = async (): Promise<SharedGraph> => {
    const graphs: BuildGraph[] = [];
    for (const platform of platforms)
      graphs.push(await planPlatform(session, options, contexts, { source, platform, warn, lock }));
    return mergeGraphs(graphs);
  };
  const graph = await plan();
  if (lock === undefined) return graph;
  const named = new Set(graph.vertices.flatMap(({ op }) => (op.type === "context" ? [op.name] : [])));
  await Promise.all([...named].map((name) => contexts.settle(name)));
  const { sourceFinder } = await import("../inputs/lock/find-source.ts");
  return (await lock.complete(graph.vertices, sourceFinder(session, options))) ? plan() : graph;
}

/** Contexts, and what names stand for where a build goes by tsbuild.lock. */
export interface Opened {
  readonly contexts: Contexts;
  readonly lock: SourceLock | undefined;
}

/** Opens what a build is planned with: a context that is fetched is the one that the lock has. */
export async function openPlanning(session: Session, options: BuildOptions): Promise<Opened> {
  if (options.lock === undefined && options.offline !== true && options.attest === undefined)
    return { contexts: await openContexts(session, options), lock: undefined };
  const [{ openLock }, { sourceFinder }] = await Promise.all([
    import("../inputs/lock/source-lock.ts"),
    import("../inputs/lock/find-source.ts"),
  ]);
  const lock = openLock(options);
  const find = sourceFinder(session, options);
  const contexts = await openContexts(session, options, lock && ((place) => lock.context(place, find)));
  return { contexts, lock };
}

interface PlatformPlanning extends Pick<Planning, "source" | "warn"> {
  readonly platform: Platform | undefined;
  readonly lock: SourceLock | undefined;
}

async function planPlatform(
  session: Session,
  options: BuildOptions,
  contexts: Contexts,
  { source, platform, warn, lock }: PlatformPlanning,
): Promise<BuildGraph> {
  const images = askedImages(session, options, contexts);
  const given: Planning = {
    source,
    options: {
      ...planOptions(options, contexts, platform),
      ...(lock && { pins: lock.pins }),
      timeOf: async (dated) => {
        const source = dated.from === "context" ? dated : withPin(dated, lock?.pins);
        return (await import("./dated.ts")).timeOf(source, session, contexts, options);
      },
    },
    images: lock?.images(lookupOf(session, options, contexts), images) ?? images,
    warn,
  };
  const own = platform === undefined ? options : { ...options, platforms: [platform] };
  return rememberedPlan(cacheOf(GRAPH, session, own), given, async (planning) => {
    const parsed = await parsedAs(source, options);
    const { planBuild } = await import("../graph/plan.ts");
    return planBuild(parsed, planning.options, planning.images, planning.warn);
  });
}

/** Where what was planned for this context, target and platform is kept. `purpose` tells apart what else is made of one. */
export function cacheOf<T, Packed>(
  format: Format<T, Packed>,
  { store }: Session,
  options: BuildOptions,
  ...purpose: readonly string[]
): PlanCacheOptions<T, Packed> {
  const { context, dockerfile, target, platform } = placeOf(options);
  return { format, store, code: buildId, place: [context, dockerfile, target, platform, ...purpose] };
}

/** The Dockerfile that a build names, parsed. */
export async function readParsed(options: BuildOptions, contexts: Contexts): Promise<Dockerfile> {
  return parsedAs(await readDockerfile(options, contexts), options);
}

/** A Dockerfile's text, parsed by the rules of a build. */
export async function parsedAs(source: SourceText, options: BuildOptions): Promise<Dockerfile> {
  const { parseDockerfile } = await import("../dockerfile/parse.ts");
  return parseDockerfile(source, options.buildArgs["BUILDKIT_DOCKERFILE_CHECK"]);
}

/** Base images as --pull says: of the store, or of a registry. */
export function askedImages(session: Session, options: BuildOptions, contexts: Contexts): BaseImages {
  return baseImages(lookupOf(session, options, contexts));
}

function lookupOf(session: Session, options: BuildOptions, contexts: Contexts): BaseImageOptions {
  return {
    store: session.store,
    names: session.names,
    client: () => session.registry(),
    policy: options.pull,
    get signal() {
      return options.signal;
    },
    layouts: contexts.layouts,
    ...(options.offline === true ? { offline: true } : {}),
  };
}

/** What planning goes by: for one of the platforms, for the first of them where none is named. */
export function planOptions(
  options: BuildOptions,
  contexts: Contexts,
  platform: Platform | undefined = options.platforms?.[0],
): PlanOptions {
  const { main } = contexts;
  return {
    ...(options.target === undefined ? {} : { target: options.target }),
    buildArgs: options.buildArgs,
    labels: options.labels,
    buildPlatform: hostPlatform(),
    targetPlatform: platform ?? hostPlatform(),
    explicitPlatform: platform !== undefined,
    ...((options.platforms ?? []).length > 1 ? { isOneOfSeveral: true } : {}),
    ...(options.network === undefined || options.network === "default" ? {} : { network: options.network }),
    contexts: contexts.names,
    images: contexts.images,
    // A hidden directory of which a `!` pattern brings something back is not hidden.
    ignored: (path) => (main.stat(path) === undefined ? main.ignoredBy(path) : undefined),
  };
}

/** Tells warnings as events. */
export function warningsTo({ emit }: Pick<BuildOptions, "emit">): EmitWarning {
  return (message, diagnostic) => emit({ type: "warning", message, ...(diagnostic && { diagnostic }) });
}
