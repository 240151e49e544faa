import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { TsbuildError, errnoOf, messageOf } from "./core/errors.ts";
import type { SourceText } from "./core/diagnostic.ts";
import type { BuildContext } from "./context/types.ts";
import type { BuildOptions } from "./types.ts";

/** In the order in which they are looked for. */
const NAMES: readonly string[] = ["Dockerfile", "dockerfile", "Containerfile"];
const MAX_SIZE = 10 << 20;

/** The Dockerfile that --file names, or the context's own. */
export async function readDockerfile(options: BuildOptions, context: BuildContext): Promise<SourceText> {
  const { dockerfile } = options;
  if (dockerfile === "-") return sourceText("-", await readAll(process.stdin));
  if (dockerfile !== undefined) return sourceText(basename(dockerfile), readNamed(dockerfile));
  for (const name of NAMES) {
    const data = context.readFile(name);
    if (data !== undefined) return sourceText(name, data);
  }
  throw new TsbuildError(
    "DOCKERFILE_NOT_FOUND",
    `Cannot find a Dockerfile in "${context.name}": there is no ${NAMES.join(", no ")}`,
    {
      hint: "name it with --file",
    },
  );
}

function readNamed(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const state = errnoOf(cause) === "ENOENT" ? "it does not exist" : messageOf(cause);
    throw new TsbuildError("DOCKERFILE_NOT_FOUND", `Cannot read Dockerfile "${path}": ${state}`, {
      cause,
      hint: "--file takes a path relative to where you are",
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
