import { TsbuildError } from "../../core/errors.ts";
import { didYouMean } from "../../core/suggest.ts";
import type { OutputSpec } from "../../api/types.ts";
import { csvPairs } from "../csv.ts";
import { usageError } from "../flags.ts";

const TYPES = ["oci", "docker", "local", "tar", "image", "registry"] as const;
/** Attributes that buildx has and that change what is written: to ignore one would be to write something else. */
const LATER = new Set([
  "compression",
  "compression-level",
  "force-compression",
  "rewrite-timestamp",
  "oci-mediatypes",
  "mode",
]);

/** One --output: `PATH` is a directory to fill, `-` is a tar on standard output, the rest is `type=…,dest=…`. */
export function parseOutput(text: string, tags: readonly string[]): OutputSpec {
  if (text === "-") return { type: "tar", dest: "-" };
  if (!text.includes("=")) {
    if (text === "") throw usageError("build", "Cannot use --output: it is empty");
    return { type: "local", dest: text };
  }
  const pairs = csvPairs(text);
  const type = pairs.get("type");
  const dest = pairs.get("dest");
  const known = ["type", "dest", ...(type === "image" || type === "registry" ? ["name", "push"] : [])];
  for (const key of pairs.keys()) if (!known.includes(key)) throw unknownKey(text, key, known);
  switch (type) {
    case "oci":
    case "docker":
    case "tar":
      return { type, dest: dest ?? "-" };
    case "local":
      if (dest !== undefined && dest !== "-") return { type, dest };
      throw usageError(
        "build",
        `Cannot use --output ${text}: a directory is missing`,
        "write type=local,dest=DIRECTORY",
      );
    case "image":
    case "registry": {
      const name = pairs.get("name");
      const names = name === undefined ? tags : name.split(",").filter((part) => part !== "");
      return { type: "image", names, push: type === "registry" || pairs.get("push") === "true" };
    }
    case undefined:
      throw usageError(
        "build",
        `Cannot use --output ${text}: type is missing`,
        `write type=${TYPES.join("|")}`,
      );
    default:
      throw usageError(
        "build",
        `Cannot use --output type ${type}: it is none of ${TYPES.join(", ")}`,
        didYouMean(type, TYPES),
      );
  }
}

function unknownKey(text: string, key: string, known: readonly string[]): TsbuildError {
  if (LATER.has(key)) {
    return new TsbuildError(
      "UNSUPPORTED",
      `Cannot use --output ${text}: tsbuild does not support "${key}" yet`,
    );
  }
  return usageError("build", `Cannot use --output ${text}: "${key}" is not known`, didYouMean(key, known));
}

/** Standard output takes one archive, and a terminal none. */
export function checkStandardOutput(outputs: readonly OutputSpec[], isTTY: boolean, quiet: boolean): void {
  const archives = outputs.filter((output) => output.type !== "image" && output.dest === "-");
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
