import type { Container } from "../../../api/container-types.ts";
import type { ImageDetails, Tsbuild } from "../../../api/types.ts";
import { TsbuildError } from "../../../core/errors.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { command } from "../../command.ts";
import { familiarName, splitName } from "../../familiar.ts";
import { usageError } from "../../flags.ts";
import { fillTemplate } from "../../template.ts";
import { onePlatform } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";
import { dockerContainer } from "./container-inspect.ts";

const PREDICATES: ReadonlyMap<string, string> = new Map([
  ["provenance", "https://slsa.dev/provenance/v1"],
  ["sbom", "https://spdx.dev/Document"],
]);
const TYPES = ["container", "image"];

/** `tsbuild inspect`: of a container where there is one of this name, as docker has it. */
export const inspectCommand = command({
  name: "inspect",
  usage: "inspect [OPTIONS] NAME...",
  summary: "Show all that is known of containers and images, as JSON",
  flags: {
    format: { short: "f", value: "FORMAT", doc: "Print json, or a template like {{.State.Status}}" },
    type: { value: "TYPE", doc: "Look for a container or an image alone" },
    platform: {
      value: "OS/ARCH",
      doc: "Of an image for several platforms, this one",
      default: "this machine's",
    },
    attestation: { value: "KIND", doc: "Print what is stated of an image: provenance (SLSA) or sbom (SPDX)" },
  },
  missing: { "size|s": undefined },
  operands: { min: 1, max: Infinity, name: "NAME" },
  examples: [
    ["tsbuild inspect app | jq '.[0].Config.Env'", "shows the environment of an image"],
    ["tsbuild inspect -f {{.State.ExitCode}} job", "shows how a container ended"],
  ],
  async execute({ format, type, attestation, platform: wanted }, names, session) {
    const platform = onePlatform(wanted);
    if (attestation !== undefined) {
      const predicateType = predicateTypeOf(attestation);
      const stated = await withStore(session, (tsbuild) =>
        Promise.all(
          names.map(async (name) => predicateOf(await tsbuild.inspect(name, platform), predicateType, name)),
        ),
      );
      for (const one of stated) session.io.stdout.write(`${JSON.stringify(one, undefined, 2)}\n`);
      return 0;
    }
    if (type !== undefined && !TYPES.includes(type)) {
      throw usageError("inspect", `Cannot use --type ${type}: it is none of ${TYPES.join(", ")}`);
    }
    const found = await withStore(session, async (tsbuild) => {
      const all: object[] = [];
      for (const name of names) {
        const container = type === "image" ? undefined : await containerOf(tsbuild, name, type);
        all.push(
          container === undefined
            ? dockerInspect(await tsbuild.inspect(name, platform))
            : dockerContainer(container),
        );
      }
      return all;
    });
    const text =
      format === undefined || format === "json"
        ? JSON.stringify(found, undefined, 4)
        : found.map((one) => fillTemplate(format, one)).join("\n");
    session.io.stdout.write(`${text}\n`);
    return 0;
  },
});

function predicateTypeOf(name: string): string {
  const known = PREDICATES.get(name);
  if (known !== undefined) return known;
  const names = [...PREDICATES.keys()];
  throw usageError(
    "inspect",
    `Cannot use --attestation ${name}: it is none of ${names.join(", ")}`,
    didYouMean(name, names),
  );
}

function predicateOf({ statements = [] }: ImageDetails, predicateType: string, name: string): object {
  const found = statements.find((one) => one.predicateType === predicateType);
  if (found !== undefined) return found.predicate;
  throw new TsbuildError(
    "USAGE",
    `Cannot show an attestation of "${name}": the store has none of this kind`,
    {
      hint: "build it with --provenance or --sbom",
    },
  );
}

/** The container of a name; undefined where an image may be meant. */
async function containerOf(
  tsbuild: Tsbuild,
  name: string,
  type: string | undefined,
): Promise<Container | undefined> {
  try {
    return await tsbuild.containers.find(name);
  } catch (error) {
    if (type !== undefined || !(error instanceof TsbuildError) || error.code !== "CONTAINER_NOT_FOUND")
      throw error;
    return undefined;
  }
}

/** An image in the shape of `docker image inspect`: scripts that read that one read this one. */
export function dockerInspect({ names, digest, manifest, config, statements }: ImageDetails): object {
  const { platform } = config;
  const familiar = names.map(familiarName);
  return {
    Id: config.digest,
    RepoTags: familiar.filter((name) => !name.includes("@")),
    RepoDigests: [...new Set(familiar.map((name) => `${splitName(name).repository}@${digest}`))],
    Created: config.created,
    Author: config.author ?? "",
    Config: config.config,
    Architecture: platform.architecture,
    ...(platform.variant === undefined ? {} : { Variant: platform.variant }),
    Os: platform.os,
    ...(platform.osVersion === undefined ? {} : { OsVersion: platform.osVersion }),
    Size: manifest.layers.reduce((sum, layer) => sum + layer.size, 0),
    RootFS: { Type: "layers", Layers: config.diffIds },
    Descriptor: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.raw.length },
    // docker shows none; those who read its members are not disturbed by one more.
    ...(statements && {
      Attestations: statements.map(({ predicateType, artifact }) => ({
        PredicateType: predicateType,
        Digest: artifact,
      })),
    }),
  };
}
