import { didYouMean } from "../../../core/suggest.ts";
import type { OutputSpec } from "../../../api/output-types.ts";
import type { ImageForm } from "../../../outputs/form.ts";
import { usageError } from "../../flags.ts";
import { annotationAttribute } from "./build-annotations.ts";
import { layerCompression } from "./layer-compression.ts";
import { OutputAttributes } from "./output-attributes.ts";

const TYPES = ["image", "registry", "oci", "docker", "local", "tar", "cacheonly"] as const;

/** One --output: `PATH` is a directory to fill, `-` is a tar on standard output, the rest is `type=…,dest=…`. */
export function parseOutput(text: string): OutputSpec {
  if (text === "-") return { type: "tar", dest: "-" };
  if (!text.includes("=")) {
    if (text === "") throw usageError("build", "Cannot use --output: it is empty");
    return { type: "local", dest: text, clear: false };
  }
  const attributes = new OutputAttributes(text);
  const spec = readSpec(attributes);
  attributes.end();
  return spec;
}

function readSpec(attributes: OutputAttributes): OutputSpec {
  const type = attributes.take("type");
  switch (type) {
    case "image":
    case "registry":
      return imageOutput(attributes, type === "registry");
    case "oci":
    case "docker": {
      const dest = attributes.take("dest");
      const directory = attributes.flag("tar") === false;
      if (directory && (dest === undefined || dest === "-"))
        throw attributes.error("a directory is missing", "write tar=false,dest=DIRECTORY");
      const names = attributes.list("name");
      return { type, dest: dest ?? "-", directory, names, form: imageForm(attributes) };
    }
    case "tar":
      return { type, dest: attributes.take("dest") ?? "-", ...split(attributes) };
    case "local": {
      const dest = attributes.take("dest");
      if (dest === undefined || dest === "-")
        throw attributes.error("a directory is missing", "write type=local,dest=DIRECTORY");
      const clear = attributes.oneOf("mode", ["copy", "delete"] as const) === "delete";
      return { type, dest, clear, ...split(attributes) };
    }
    case "cacheonly":
      return { type };
    case undefined:
      throw attributes.error("type is missing", `write type=${TYPES.join("|")}`);
    default:
      throw attributes.error(`type ${type} is none of ${TYPES.join(", ")}`, didYouMean(type, TYPES));
  }
}

function imageOutput(attributes: OutputAttributes, registry: boolean): OutputSpec {
  const names = attributes.list("name");
  const byDigest = attributes.flag("push-by-digest") ?? false;
  const danglingPrefix = attributes.take("dangling-name-prefix");
  return {
    type: "image",
    names,
    store: attributes.flag("store") ?? true,
    push: attributes.flag("push") ?? registry,
    byDigest,
    canonical: attributes.flag("name-canonical") ?? false,
    ...(danglingPrefix === undefined ? {} : { danglingPrefix }),
    unpack: attributes.flag("unpack") ?? false,
    form: imageForm(attributes),
  };
}

function imageForm(attributes: OutputAttributes): ImageForm {
  const layers = layerCompression(attributes);
  const format = attributes.flag("oci-mediatypes") === false ? "docker" : "oci";
  if (format === "docker" && layers.compression === "zstd")
    throw attributes.error("docker's media types have none for zstd", "leave out oci-mediatypes=false");
  // Those of BuildKit that say what is so anyway.
  attributes.settled("oci-artifact", true, "what --attest states is always an artifact of its own");
  attributes.settled("attestation-inline", false, "what --attest states is always an artifact of its own");
  for (const key of ["buildinfo", "buildinfo-attrs"])
    attributes.settled(key, false, "write --attest type=provenance: it tells what a build was made of");
  const rewritten = attributes.flag("rewrite-timestamp") === true;
  const annotations = attributes
    .startingWith(/^annotation[-.[]/)
    .map(([key, value]) => annotationAttribute(key, value));
  return { format, ...layers, annotations, ...(rewritten && { wantsEpoch: true }) };
}

function split(attributes: OutputAttributes): { readonly split?: boolean } {
  const wanted = attributes.flag("platform-split");
  return wanted === undefined ? {} : { split: wanted };
}

/** Standard output takes one archive, and a terminal none. */
export function checkStandardOutput(outputs: readonly OutputSpec[], isTTY: boolean, quiet: boolean): void {
  const archives = outputs.filter((output) => "dest" in output && output.dest === "-");
  if (archives.length === 0) return;
  if (archives.length > 1) {
    throw usageError(
      "build",
      "Cannot write two results to standard output: they would mix",
      "give one of them a dest",
    );
  }
  if (isTTY) {
    throw usageError(
      "build",
      "Cannot write the result to standard output: it is a terminal",
      "redirect it, or write -o type=tar,dest=app.tar",
    );
  }
  if (quiet) {
    throw usageError(
      "build",
      "Cannot use --quiet here: the image id and the result would both go to standard output",
      "write the image id to a file with --iidfile",
    );
  }
}
