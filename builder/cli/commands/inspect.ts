import type { ImageDetails } from "../../api/types.ts";
import { command } from "../command.ts";
import { familiarName, splitName } from "../familiar.ts";
import { onePlatform } from "../values.ts";
import { withStore } from "../with-tsbuild.ts";

/** `tsbuild inspect`. */
export const inspectCommand = command({
  name: "inspect",
  usage: "inspect [OPTIONS] IMAGE...",
  summary: "Show all that is known of images, as JSON",
  flags: {
    platform: {
      value: "OS/ARCH",
      doc: "Of an image for several platforms, this one",
      default: "this machine's",
    },
  },
  missing: {
    "format|f": 'pipe the JSON to "jq"',
    "size|s": undefined,
    type: "images are all that can be inspected",
  },
  operands: { min: 1, max: Infinity, name: "IMAGE" },
  examples: [["tsbuild inspect app | jq '.[0].Config.Env'", "shows the environment of an image"]],
  async execute(flags, references, session) {
    const platform = onePlatform(flags.platform);
    const found = await withStore(session, (tsbuild) =>
      references.map((reference) => tsbuild.inspect(reference, platform)),
    );
    session.io.stdout.write(`${JSON.stringify(found.map(dockerInspect), undefined, 4)}\n`);
    return 0;
  },
});

/** An image in the shape of `docker image inspect`: scripts that read that one read this one. */
export function dockerInspect({ names, digest, manifest, config }: ImageDetails): object {
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
  };
}
