import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "../core/errors.ts";
import type { SourceText } from "../core/diagnostic.ts";
import { DOCKERFILE_NAMES } from "../inputs/dockerfile-names.ts";
import type { Contexts } from "../inputs/open-contexts.ts";
import type { BuildOptions } from "../api/types.ts";

const MAX_SIZE = 10 << 20;

/** The Dockerfile that --file names, or the context's own. */
export async function readDockerfile(options: BuildOptions, contexts: Contexts): Promise<SourceText> {
  const { dockerfile } = options;
  const { main: context } = contexts;
  if (contexts.dockerfile !== undefined) {
    const { name, data } = contexts.dockerfile;
    if (dockerfile !== undefined && !contexts.isLocal) throw twoDockerfiles(dockerfile);
    return sourceText(name, data);
  }
  if (dockerfile === "-") return sourceText("-", await readAll(process.stdin));
  if (dockerfile !== undefined && contexts.isLocal)
    return sourceText(basename(dockerfile), readNamed(dockerfile));
  for (const name of dockerfile === undefined ? DOCKERFILE_NAMES : [dockerfile]) {
    const data = context.readFile(name);
    if (data !== undefined) return sourceText(basename(name), data);
  }
  if (dockerfile !== undefined) {
    throw new TsbuildError(
      "DOCKERFILE_NOT_FOUND",
      `Cannot read Dockerfile "${dockerfile}": it is not in the build context ${context.name}`,
      { hint: "--file takes a path in the build context where that is no directory of this machine" },
    );
  }
  throw new TsbuildError(
    "DOCKERFILE_NOT_FOUND",
    `Cannot find a Dockerfile in "${context.name}": there is no ${DOCKERFILE_NAMES.join(", no ")}`,
    {
      hint: "name it with --file",
    },
  );
}

function twoDockerfiles(dockerfile: string): TsbuildError {
  return new TsbuildError(
    "USAGE",
    `Cannot use --file ${dockerfile}: what PATH names is a Dockerfile itself, and no archive`,
    { hint: "leave --file out, or name a directory or an archive as PATH" },
  );
}

function readNamed(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = errnoOf(cause) === "ENOENT";
    const state = missing ? "it does not exist" : messageOf(cause);
    throw new TsbuildError("DOCKERFILE_NOT_FOUND", `Cannot read Dockerfile "${path}": ${state}`, {
      cause,
      ...(missing && { hint: "--file takes a path relative to where you are" }),
    });
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > MAX_SIZE) break;
  }
  return Buffer.concat(chunks);
}

function sourceText(name: string, data: Buffer): SourceText {
  if (data.length <= MAX_SIZE) return { name, text: data.toString("utf8") };
  throw new TsbuildError(
    "DOCKERFILE_INVALID",
    `Cannot parse "${name}": it is larger than ${MAX_SIZE >> 20} MiB`,
  );
}
