import { existsSync } from "node:fs";
import { join } from "node:path";
import { usageError } from "../../flags.ts";
import type { FlagValues } from "../../types.ts";
import type { BUILD_FLAGS } from "./build-flags.ts";

type Flags = FlagValues<typeof BUILD_FLAGS>;

/** The same command line in docker's words, and its context. */
export function fromKaniko(
  flags: Flags,
  operand: string | undefined,
): readonly [flags: Flags, context: string] {
  const context = contextOf(flags.context, operand);
  const { destination, dockerfile } = flags;
  const cacheRepo = flags["cache-repo"];
  if (dockerfile !== undefined && flags.file !== undefined) {
    throw usageError("build", "Cannot use --dockerfile with --file: they are the same");
  }
  const cache = cacheRepo === undefined ? [] : [`type=registry,ref=${cacheRepo}`];
  const file = dockerfile === undefined ? flags.file : findDockerfile(dockerfile, context);
  const named = {
    ...flags,
    file,
    tag: [...flags.tag, ...destination],
    push: flags.push || (destination.length > 0 && !flags["no-push"]),
    "cache-from": [...flags["cache-from"], ...cache],
    "cache-to": [...flags["cache-to"], ...cache.map((one) => `${one},mode=max`)],
  };
  return [named, context];
}

function contextOf(given: string | undefined, operand: string | undefined): string {
  if (given === undefined) {
    if (operand !== undefined) return operand;
    throw usageError(
      "build",
      "Cannot run tsbuild build: PATH is missing",
      "usage: tsbuild [build] [OPTIONS] PATH, where . is this directory",
    );
  }
  if (operand !== undefined) {
    throw usageError(
      "build",
      `Cannot take "${operand}": --context says what to build`,
      "leave one of them out",
    );
  }
  if (given.startsWith("dir://")) return given.slice("dir://".length);
  if (given === "tar://stdin") return "-";
  const [, scheme] = /^(s3|gs|tar):\/\//.exec(given) ?? [];
  if (scheme === undefined) return given;
  throw usageError(
    "build",
    `Cannot use --context ${given}: tsbuild does not read ${scheme}://`,
    scheme === "tar"
      ? "write - in its place, and hand it the archive: tsbuild - <FILE"
      : "fetch it first, and build the directory",
  );
}

/** kaniko looks where it was started, then in the context. */
function findDockerfile(path: string, context: string): string {
  const inContext = join(context, path);
  return !existsSync(path) && existsSync(inContext) ? inContext : path;
}
