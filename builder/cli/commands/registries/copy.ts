import type { TsbuildError } from "../../../core/errors.ts";
import { didYouMean } from "../../../core/suggest.ts";
import type { Conversion } from "../../../api/image-types.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { platformList, progressMode } from "../../values.ts";
import { withProgress } from "../../with-tsbuild.ts";
import { layerCompression } from "../build/layer-compression.ts";

const FORMATS = ["oci", "docker"] as const;

/** `tsbuild copy`. */
export const copyCommand = command({
  name: "copy",
  usage: "copy [OPTIONS] SOURCE DESTINATION",
  summary: "Copy an image between registries, archives, layouts and the store",
  flags: {
    all: { short: "a", doc: "Copy all that the name leads to: every platform, and what belongs to them" },
    platform: {
      value: "OS/ARCH",
      doc: "Copy the image for this platform; of several, an index of them",
      default: "this machine's",
      repeat: true,
    },
    format: {
      short: "f",
      value: "FORMAT",
      doc: "Give it the media types of oci or docker",
      choices: [...FORMATS],
    },
    compression: {
      value: "TYPE",
      doc: "Make its layers gzip, zstd or uncompressed",
      choices: ["gzip", "zstd", "uncompressed"],
    },
    "compression-level": { value: "N", doc: "Compress with this level of gzip (0-9) or zstd (1-22)" },
    quiet: { short: "q", doc: "Print the digest and nothing else" },
    progress: { value: "HOW", doc: "Show progress as auto, plain, tty or quiet", default: "auto" },
  },
  missing: {
    "dest-compress-format": "write --compression TYPE",
    "dest-compress-level": "write --compression-level N",
    "dest-compress": "write --compression gzip",
    "dest-decompress|D": "write --compression uncompressed",
    "dest-force-compress-format": "--compression makes no exception",
    "multi-arch": "write --all, or --platform",
    "preserve-digests":
      "digests are preserved where no other form is asked for; leave out --format and --compression",
    "src-tls-verify|dest-tls-verify": 'write insecure = true below [registry."HOST"] in the configuration',
    "sign-by": undefined,
  },
  operands: { min: 2, max: 2, name: "SOURCE and DESTINATION" },
  examples: [
    [
      "tsbuild copy --all debian:12 registry.example.org/debian:12",
      "copies every platform to another registry",
    ],
    ["tsbuild copy alpine oci:layout:alpine", "copies this machine's image into an OCI layout"],
    [
      "tsbuild copy --compression zstd --platform linux/amd64,linux/arm64 app:1 app:zstd",
      "compresses two platforms' layers anew",
    ],
    ["tsbuild copy docker-archive:app.tar store:app", "takes an archive of docker save into the store"],
    ["tsbuild copy store:app oci-archive:app.tar", "writes an image of the store to an archive"],
  ],
  async execute(flags, [from = "", to = ""], session) {
    const mode = flags.quiet ? "quiet" : progressMode("copy", flags.progress);
    const platforms = platformList(flags.platform);
    const { digest } = await withProgress(session, mode, "Copying", (tsbuild, emit) =>
      tsbuild.copy(from, to, {
        all: flags.all,
        ...(platforms.length > 0 && { platforms }),
        ...formOf(flags),
        signal: session.signal,
        emit,
      }),
    );
    session.io.stdout.write(`${digest}\n`);
    return 0;
  },
});

interface FormFlags {
  readonly format: string | undefined;
  readonly compression: string | undefined;
  readonly "compression-level": string | undefined;
}

function error(state: string, hint?: string): TsbuildError {
  return usageError("copy", `Cannot convert the image: ${state}`, hint);
}

function formOf(flags: FormFlags): Conversion {
  const oneOf = <T extends string>(key: string, values: readonly T[]): T | undefined => {
    const text = flags[key as keyof FormFlags];
    const found = values.find((value) => value === text);
    if (text === undefined || found !== undefined) return found;
    throw error(`--${key} ${text} is none of ${values.join(", ")}`, didYouMean(text, values));
  };
  if (flags["compression-level"] !== undefined && flags.compression === undefined)
    throw error("there is a --compression-level and no --compression");
  const { compression, level } = layerCompression({
    take: (key) => flags[key as keyof FormFlags],
    flag: () => undefined,
    oneOf,
    error,
  });
  // skopeo's name for docker's.
  const format = flags.format === "v2s2" ? "docker" : oneOf("format", FORMATS);
  return {
    ...(format && { format }),
    ...(compression && { compression }),
    ...(level !== undefined && { level }),
  };
}
