import { isTrue } from "../../../core/is-true.ts";
import { parseSize } from "../../sizes.ts";
import type { OutputSpec } from "../../../api/output-types.ts";
import type { BuildOptions } from "../../../api/types.ts";
import { usageError } from "../../flags.ts";
import type { FlagValues, Io } from "../../types.ts";
import {
  count,
  duration,
  fromEnvironment,
  networkMode,
  platformList,
  pullPolicy,
  readPairsFile,
} from "../../values.ts";
import type { BUILD_FLAGS } from "./build-flags.ts";
import { SANDBOX_FLAGS } from "../sandbox-flags.ts";
import { parseSecret, parseSsh } from "./build-secrets.ts";

/** What the flags of `tsbuild build` ask for. */
export type BuildRequest = Omit<BuildOptions, "signal" | "emit">;

/** Reads the values of the flags; nothing is opened but files with build arguments. */
export async function buildRequest(
  flags: FlagValues<typeof BUILD_FLAGS>,
  context: string,
  io: Pick<Io, "env" | "stdout">,
): Promise<BuildRequest> {
  checkContext(context);
  const platforms = platformList(flags.platform);
  const outputs = await outputsOf(flags, io);
  if (flags.push && flags.tag.length === 0) {
    throw usageError("build", "Cannot use --push: the image has no name", "name it with -t REGISTRY/NAME");
  }
  for (const tag of flags.tag) {
    if (tag === "") throw usageError("build", "Cannot use --tag: it is empty", "write -t NAME[:TAG]");
  }
  const buildArgs = buildArguments(flags, io.env);
  return {
    context,
    contexts: contexts(flags["build-context"]),
    secrets: flags.secret.map((text) => parseSecret(text, io.env)),
    ssh: dictionary(flags.ssh.map(parseSsh)),
    ...(flags.file === undefined ? {} : { dockerfile: flags.file }),
    tags: flags.tag,
    ...(flags.target === undefined ? {} : { target: flags.target }),
    buildArgs,
    labels: labels(flags.label),
    ...(flags.network === undefined ? {} : { network: networkMode("build", flags.network) }),
    noCache: flags["no-cache"],
    ...stepOptions(flags),
    ...(flags["max-cache-size"] !== undefined && {
      maxCacheSize: parseSize("build", "--max-cache-size", flags["max-cache-size"]),
    }),
    ...budgets(flags),
    ...(flags["fail-on-secrets"] && { failOnSecrets: true }),
    pull: pullPolicy("build", flags.pull),
    ...lockRequest(flags),
    ...(await attestations(flags)),
    ...(platforms.length === 0 ? {} : { platforms }),
    push: flags.push,
    ...(flags.load ? { load: true } : {}),
    outputs,
    ...(await annotations(flags, outputs)),
    ...(await caches(flags, buildArgs)),
    ...(await sandbox(flags)),
  };
}

function budgets(flags: FlagValues<typeof BUILD_FLAGS>): Pick<BuildRequest, "budgets"> {
  const [image, layer] = (["max-image-size", "max-layer-growth"] as const).map((name) => {
    const text = flags[name];
    return text === undefined ? undefined : parseSize("build", `--${name}`, text);
  });
  if (image === undefined && layer === undefined) return {};
  return { budgets: { ...(image !== undefined && { image }), ...(layer !== undefined && { layer }) } };
}

function stepOptions(flags: FlagValues<typeof BUILD_FLAGS>): Partial<BuildRequest> {
  const ttl = flags["cache-ttl"];
  const stages = flags["no-cache-filter"].flatMap((text) => text.split(","));
  return {
    ...(stages.length === 0 ? {} : { noCacheStages: stages.filter((stage) => stage !== "") }),
    ...(ttl === undefined ? {} : { cacheTtl: duration("build", "--cache-ttl", ttl) }),
    ...(flags.jobs === undefined ? {} : { jobs: count("build", "--jobs", flags.jobs) }),
    ...(flags.explain ? { explain: true } : {}),
  };
}

async function outputsOf(
  flags: FlagValues<typeof BUILD_FLAGS>,
  io: Pick<Io, "stdout">,
): Promise<readonly OutputSpec[]> {
  if (flags.output.length === 0) return [];
  const { checkStandardOutput, parseOutput } = await import("./build-outputs.ts");
  const outputs = flags.output.map((text) => parseOutput(text));
  checkStandardOutput(outputs, io.stdout.isTTY, flags.quiet);
  return outputs;
}

async function annotations(
  flags: FlagValues<typeof BUILD_FLAGS>,
  outputs: readonly OutputSpec[],
): Promise<Pick<BuildRequest, "annotations">> {
  if (flags.annotation.length === 0) return {};
  if (outputs.length > 0 && !flags.push && outputs.every((output) => !("form" in output))) {
    throw usageError("build", "Cannot use --annotation: no output writes an image that it could be on");
  }
  const { parseAnnotation } = await import("./build-annotations.ts");
  return { annotations: flags.annotation.flatMap(parseAnnotation) };
}

/** Loaded where one of these flags is given. */
async function sandbox(
  flags: FlagValues<typeof BUILD_FLAGS>,
): Promise<Pick<BuildRequest, "sandbox" | "allow">> {
  const names = Object.keys(SANDBOX_FLAGS) as (keyof typeof SANDBOX_FLAGS)[];
  if (names.every((name) => flags[name] === undefined || flags[name].length === 0)) return {};
  return (await import("./build-sandbox.ts")).sandboxRequest(flags);
}

async function caches(
  flags: FlagValues<typeof BUILD_FLAGS>,
  buildArgs: BuildRequest["buildArgs"],
): Promise<Pick<BuildRequest, "cacheFrom" | "cacheTo">> {
  const from = flags["cache-from"];
  // buildx's older way to say it.
  const inline = isTrue(buildArgs["BUILDKIT_INLINE_CACHE"]) ? ["type=inline"] : [];
  const to = [...flags["cache-to"], ...inline];
  if (from.length === 0 && to.length === 0) return {};
  const { parseCacheFrom, parseCacheTo } = await import("./build-caches.ts");
  return { cacheFrom: from.map(parseCacheFrom), cacheTo: to.map(parseCacheTo) };
}

function checkContext(context: string): void {
  if (context === "") throw usageError("build", "Cannot build: PATH is empty");
}

function buildArguments(
  flags: FlagValues<typeof BUILD_FLAGS>,
  env: NodeJS.ProcessEnv,
): Readonly<Record<string, string>> {
  const files = flags["build-arg-file"].flatMap((path) => readPairsFile("build", "--build-arg-file", path));
  // As buildx passes it on: --build-arg, which comes later, goes over it.
  const epoch = fromEnvironment("SOURCE_DATE_EPOCH", env);
  const pairs: (readonly [string, string])[] = epoch === undefined ? [] : [epoch];
  for (const text of [...files, ...flags["build-arg"]]) {
    const pair = fromEnvironment(text, env);
    if (text === "" || pair?.[0] === "") {
      throw usageError("build", `Cannot use --build-arg "${text}": the name is missing`, "write NAME=VALUE");
    }
    if (pair !== undefined) pairs.push(pair);
  }
  return dictionary(pairs);
}

function contexts(texts: readonly string[]): Readonly<Record<string, string>> {
  return dictionary(
    texts.map((text) => {
      const equals = text.indexOf("=");
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)] as const;
      throw usageError(
        "build",
        `Cannot use --build-context "${text}": it is not NAME=SOURCE`,
        "write NAME=DIRECTORY, NAME=docker-image://IMAGE, NAME=oci-layout://DIRECTORY or NAME=URL",
      );
    }),
  );
}

function labels(texts: readonly string[]): Readonly<Record<string, string>> {
  return dictionary(
    texts.map((text) => {
      const equals = text.indexOf("=");
      const name = equals < 0 ? text : text.slice(0, equals);
      if (name === "")
        throw usageError("build", `Cannot use --label "${text}": the name is missing`, "write NAME=VALUE");
      return [name, equals < 0 ? "" : text.slice(equals + 1)] as const;
    }),
  );
}

/** Without a prototype: the names are the user's, and may be `__proto__`. */
function dictionary(pairs: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const made = Object.create(null) as Record<string, string>;
  for (const [name, value] of pairs) made[name] = value;
  return made;
}

function lockRequest(flags: FlagValues<typeof BUILD_FLAGS>): Pick<BuildRequest, "lock" | "offline"> {
  const modes = { "--lock": "lock", "--frozen": "frozen", "--update-lock": "update" } as const;
  const given = [
    flags.lock && "--lock",
    flags.frozen && "--frozen",
    flags["update-lock"] && "--update-lock",
  ] as const;
  const [first, second] = given.filter((flag) => flag !== false);
  const clashing = second ?? (flags.offline && first === "--update-lock" ? "--offline" : undefined);
  if (first !== undefined && clashing !== undefined)
    throw usageError(
      "build",
      `Cannot use ${first} with ${clashing}: they contradict each other`,
      "choose one",
    );
  if (
    flags.offline &&
    (flags.push || (flags.pull !== undefined && !/^(missing|never|false)$/.test(flags.pull)))
  ) {
    throw usageError(
      "build",
      `Cannot use --offline with ${flags.push ? "--push" : "--pull"}: that asks a registry`,
      "leave one of them out",
    );
  }
  return { ...(first && { lock: modes[first] }), ...(flags.offline ? { offline: true } : {}) };
}

async function attestations(flags: FlagValues<typeof BUILD_FLAGS>): Promise<Pick<BuildRequest, "attest">> {
  const { attest, provenance, sbom } = flags;
  if (attest.length === 0 && provenance === undefined && sbom === undefined) return {};
  const { parseAttestations } = await import("./build-attest.ts");
  const request = parseAttestations(attest, provenance, sbom);
  return request === undefined ? {} : { attest: request };
}
