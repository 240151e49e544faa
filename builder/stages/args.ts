import { formatPlatform, type Platform } from "../core/platform.ts";
import type { ArgInstruction } from "../dockerfile/types.ts";
import { scopeOf, type Expander } from "./variables.ts";
import type { PlanOptions } from "./types.ts";

/** Build arguments that reach RUN without ARG, outside of the cache key and of the history (rule 15). */
const PROXY_ARGS = ["HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY"] as const;

/** Build arguments that tell the builder something instead of a Dockerfile's ARG (BuildKit reference.md, built-in build args). */
const BUILDER_ARGS: ReadonlySet<string> = new Set([
  "BUILDKIT_CACHE_MOUNT_NS",
  "BUILDKIT_CONTEXT_KEEP_GIT_DIR",
  "BUILDKIT_DOCKERFILE_CHECK",
  "BUILDKIT_INLINE_CACHE",
  "BUILDKIT_SANDBOX_HOSTNAME",
  "BUILDKIT_SYNTAX",
  "SOURCE_DATE_EPOCH",
]);

/** Those that mean something to BuildKit alone, and why. */
const FOREIGN_ARGS: ReadonlyMap<string, string> = new Map([
  ["BUILDKIT_BUILD_NAME", "it names builds in the history of buildx"],
  ["BUILDKIT_GIT_ADVICE", "no repository is checked out by git, so that there is no advice"],
  ["BUILDKIT_MULTI_PLATFORM", "an image for one platform is never in an index"],
]);

/** What --build-arg gave, and what the Dockerfile took of it. */
export class BuildArgs {
  readonly #given: Map<string, string>;
  readonly #taken = new Set<string>();

  constructor(given: Readonly<Record<string, string>>) {
    this.#given = new Map(Object.entries(given));
  }

  take(name: string): string | undefined {
    this.#taken.add(name);
    return this.#given.get(name);
  }

  /** What was given stood for something else; undefined: for nothing. */
  replace(name: string, value: string | undefined): void {
    if (value === undefined) this.#given.delete(name);
    else this.#given.set(name, value);
  }

  /** What a `BUILDKIT_…` argument tells the builder. */
  setting(name: `BUILDKIT_${string}`): string {
    return this.#given.get(name) ?? "";
  }

  /** Given, but declared by no ARG of the stages that were built, and not one that the builder itself knows. */
  unused(): readonly string[] {
    return [...this.#given.keys()].filter((name) => !this.#taken.has(name) && !isBuilders(name));
  }

  /** Given, but for another builder: name and reason. */
  foreign(): readonly (readonly [name: string, reason: string])[] {
    return [...FOREIGN_ARGS].filter(([name]) => this.#given.has(name) && !this.#taken.has(name));
  }

  /** Both spellings of each proxy variable, whichever was given. */
  proxyEnv(): readonly string[] {
    return PROXY_ARGS.flatMap((name) => {
      const value = this.#given.get(name) ?? this.#given.get(name.toLowerCase());
      return value ? [`${name}=${value}`, `${name.toLowerCase()}=${value}`] : [];
    });
  }
}

/**
 * What ARG in a stage finds when it has no default: the arguments of platforms, over which --build-arg goes, and those
 * declared before the first FROM (BuildKit dockerfile2llb/platform.go, rule 14).
 */
export function globalArgs(
  instructions: readonly ArgInstruction[],
  options: PlanOptions,
  targetName: string,
  buildArgs: BuildArgs,
  expand: Expander["word"],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of builtIn(options, targetName)) values.set(name, buildArgs.take(name) ?? value);
  for (const { args } of instructions) {
    for (const { key, value } of args) {
      const given = buildArgs.take(key.raw);
      if (given !== undefined) values.set(key.raw, given);
      else if (value !== undefined) values.set(key.raw, expand(value, scopeOf(values)));
    }
  }
  return values;
}

function builtIn(options: PlanOptions, targetName: string): (readonly [string, string])[] {
  return [
    ...platformArgs("BUILD", options.buildPlatform),
    ...platformArgs("TARGET", options.targetPlatform),
    ["TARGETSTAGE", targetName],
  ];
}

function platformArgs(prefix: string, platform: Platform): (readonly [string, string])[] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}OSVERSION`, platform.osVersion ?? ""],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ""],
  ];
}

function isBuilders(name: string): boolean {
  return (
    BUILDER_ARGS.has(name) ||
    FOREIGN_ARGS.has(name) ||
    PROXY_ARGS.some((proxy) => proxy === name || proxy.toLowerCase() === name)
  );
}
