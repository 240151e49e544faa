import { createReadStream, existsSync } from "node:fs";
import { command } from "../../command.ts";
import { familiarName } from "../../familiar.ts";
import { usageError } from "../../flags.ts";
import { platformList } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";

const READ_SIZE = 1 << 20;

/** `tsbuild save`. */
export const saveCommand = command({
  name: "save",
  usage: "save [OPTIONS] IMAGE...",
  summary: "Write images to an archive",
  flags: {
    output: { short: "o", value: "FILE", doc: "Write to this file", default: "standard output" },
    format: {
      value: "FORMAT",
      doc: "Write a docker or an oci archive",
      default: "docker, or oci where several platforms are named",
    },
    platform: {
      value: "OS/ARCH",
      doc: "Save the image for this platform; of several, an index of them in an oci archive",
      default: "this machine's for docker, all for oci",
      repeat: true,
    },
  },
  missing: {
    compress: "pipe the archive through gzip",
    "multi-image-archive|m": "every archive may have several images",
  },
  operands: { min: 1, max: Infinity, name: "IMAGE" },
  examples: [
    ["tsbuild save app | docker load", "gives an image to docker"],
    ["tsbuild save -o all.tar app:1 app:2 db", "writes three names into one archive"],
    ["tsbuild save --format oci -o app.oci.tar app", "writes an OCI archive, all of its platforms in it"],
    ["tsbuild save --platform linux/amd64,linux/arm64 -o app.tar app", "writes an archive of two platforms"],
  ],
  async execute(flags, references, session) {
    const platforms = platformList(flags.platform);
    const { format = platforms.length > 1 ? "oci" : "docker", output = "-" } = flags;
    const kind = format === "docker-archive" ? "docker" : format === "oci-archive" ? "oci" : format;
    if (kind !== "docker" && kind !== "oci") {
      throw usageError("save", `Cannot use --format ${format}: it is neither docker nor oci`);
    }
    if (output === "-" && session.io.stdout.isTTY) {
      throw usageError(
        "save",
        "Cannot write the archive to standard output: it is a terminal",
        "redirect it, or write -o FILE",
      );
    }
    await withStore(session, (tsbuild, emit) =>
      tsbuild.save(references, {
        dest: output,
        format: kind,
        ...(platforms.length > 0 && { platforms }),
        signal: session.signal,
        emit,
      }),
    );
    return 0;
  },
});

/** `tsbuild load`. */
export const loadCommand = command({
  name: "load",
  usage: "load [OPTIONS]",
  summary: "Take the images of an archive into the store",
  flags: {
    input: { short: "i", value: "FILE", doc: "Read this file", default: "standard input" },
    tag: { short: "t", value: "NAME[:TAG]", doc: "Name the archive's one image" },
    quiet: { short: "q", doc: "Print the names, or ids, and nothing else" },
  },
  missing: { platform: "all that the archive has is loaded" },
  operands: { min: 0, max: 0, name: "" },
  examples: [
    ["docker save app | tsbuild load", "takes an image from docker"],
    [
      "tsbuild load -i app.tar.zst",
      "reads an archive of docker, podman, skopeo or tsbuild, compressed or not",
    ],
  ],
  async execute({ input = "-", tag, quiet }, _operands, session) {
    const { io, signal } = session;
    if (input === "-" && io.stdin.isTTY) {
      throw usageError(
        "load",
        "Cannot read the archive from standard input: it is a terminal",
        "write -i FILE",
      );
    }
    if (input !== "-" && !existsSync(input)) {
      throw usageError("load", `Cannot read archive "${input}": there is no such file`);
    }
    signal.addEventListener("abort", () => io.stdin.close(), { once: true });
    const source = input === "-" ? io.stdin.read() : createReadStream(input, { highWaterMark: READ_SIZE });
    const label = input === "-" ? "the archive on standard input" : `archive "${input}"`;
    const loaded = await withStore(session, (tsbuild, emit) =>
      tsbuild.load({ source, label, ...(tag === undefined ? {} : { name: tag }), signal, emit }),
    ).finally(() => io.stdin.close());
    for (const { names, id } of loaded) {
      if (names.length === 0) io.stdout.write(quiet ? `${id}\n` : `Loaded image ID: ${id}\n`);
      for (const name of names.map(familiarName))
        io.stdout.write(quiet ? `${name}\n` : `Loaded image: ${name}\n`);
    }
    return 0;
  },
});
