import { parsePlatform, samePlatform, type Platform } from "../core/platform.ts";
import type { PlanOptions, Source, Stage } from "./types.ts";

/** Names that --build-context cannot give a meaning to (BuildKit convert.go namedContext). */
const RESERVED = new Set(["scratch", "context"]);

/**
 * The named context that stands for a name, as it was spelt on the command line: the one for this platform, else the one for
 * any (BuildKit dockerui/config.go NamedContext).
 */
export function findContext(
  name: string,
  contexts: readonly string[],
  platform: Platform,
): string | undefined {
  if (contexts.length === 0) return undefined;
  const wanted = familiar(name);
  if (RESERVED.has(wanted)) return undefined;
  const candidates = contexts.map((context) => ({ context, ...splitPlatform(context) }));
  const named = candidates.filter((candidate) => familiar(candidate.name) === wanted);
  const own = named.find((candidate) => candidate.platform && samePlatform(candidate.platform, platform));
  return (own ?? named.find((candidate) => candidate.platform === undefined))?.context;
}

/** `NAME::linux/arm64` is a context for that platform alone. */
export function splitPlatform(context: string): { readonly name: string; readonly platform?: Platform } {
  const at = context.indexOf("::");
  if (at < 0) return { name: context };
  return { name: context.slice(0, at), platform: parsePlatform(context.slice(at + 2)) };
}

/** What a named context is: files, or an image for a platform. */
export function contextSource(
  name: string,
  { images }: Pick<PlanOptions, "images">,
  platform: Platform,
): Source {
  const reference = images?.get(name);
  if (reference === undefined) return { type: "context", name };
  return reference === "scratch" ? { type: "scratch" } : { type: "image", reference, platform };
}

const indexes = new WeakMap<readonly Stage[], { readonly last: Map<string, Stage>; read: number }>();

/** The last stage of a name as it is stored. The list may have grown since it was asked for the last time. */
export function stageNamed(name: string, stages: readonly Stage[]): Stage | undefined {
  // Going through the list for every name takes 10 s where there are 50,000 stages.
  const index = indexes.get(stages) ?? { last: new Map<string, Stage>(), read: 0 };
  indexes.set(stages, index);
  for (const stage of stages.slice(index.read))
    if (stage.name !== undefined) index.last.set(stage.name, stage);
  index.read = stages.length;
  return index.last.get(name);
}

/** What `--target` names: the last stage of that name in any case, or the stage with that number. */
export function findStage(name: string, stages: readonly Stage[]): Stage | undefined {
  const wanted = name.toLowerCase();
  return stageNamed(wanted, stages) ?? (/^\d+$/.test(name) ? stages[Number(name)] : undefined);
}

/**
 * What COPY --from and `from` of a mount name, in BuildKit's order (convert.go toCommand): a number is always a stage,
 * then a stage by name, else an image. Undefined where no stage has that number.
 */
export function findSource(
  name: string,
  stages: readonly Stage[],
  options: Pick<PlanOptions, "contexts" | "images">,
  platform: Platform,
): Source | undefined {
  if (/^[+-]?\d+$/.test(name)) {
    const index = Number(name);
    return stages[index] === undefined ? undefined : { type: "stage", index };
  }
  const context = findContext(name, options.contexts, platform);
  if (context !== undefined) return contextSource(context, options, platform);
  const wanted = name.toLowerCase();
  const stage = stageNamed(wanted, stages);
  if (stage !== undefined) return { type: "stage", index: stage.index };
  return name === "scratch" ? { type: "scratch" } : { type: "image", reference: name, platform };
}

/** `docker.io/library/alpine:latest` and `alpine` are one name for a context. */
function familiar(name: string): string {
  return name
    .toLowerCase()
    .replace(/^docker\.io\/(library\/)?/, "")
    .replace(/:latest$/, "");
}
