import { createReadStream } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { TsbuildError } from "../core/errors.ts";
import { readRange } from "../core/read-range.ts";
import { redact } from "../core/redact.ts";
import type { SecretOf } from "../net/source-auth.ts";
import type { Transport } from "../net/types.ts";
import type { Store } from "../store/types.ts";
import { download, type Downloaded } from "./download.ts";
import { EntryTree } from "./entry-tree.ts";
import { fileTree } from "./file-tree.ts";
import type { GitRequest } from "./git/types.ts";
import type { FetchedPlace } from "./place.ts";
import { ARCHIVE_HEAD, isArchiveHead, readTarTree } from "./tar-tree.ts";
import { TreeContext } from "./tree-context.ts";
import type { BuildContext } from "./types.ts";

/** What fetching works with. */
export interface RemoteServices {
  readonly store: Store;
  readonly transport: () => Promise<Transport>;
  /** The files of a repository. */
  fetchGit(request: GitRequest): Promise<EntryTree>;
  readonly signal: AbortSignal;
  readonly secretOf: SecretOf;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly progress?: (current: number, total: number | undefined) => void;
}

/** A context that was fetched. */
export interface OpenedContext {
  readonly context: BuildContext;
  /** Where what was named is no archive but the Dockerfile itself. */
  readonly dockerfile?: { readonly name: string; readonly data: Buffer };
}

/** The name that BuildKit gives a download that is a context (dockerui/context.go DetectHTTPContext). */
const DOWNLOAD_NAME = "context";
const MAX_DOCKERFILE = 10 << 20;

/**
 * Opens a context that is no directory. `unpack` is true for the main one: an archive is unpacked, anything else is the
 * Dockerfile. A named context's download is one file, whatever it is (dockerui/namedcontext.go).
 */
export async function openRemote(
  place: FetchedPlace,
  name: string,
  unpack: boolean,
  services: RemoteServices,
): Promise<OpenedContext> {
  switch (place.kind) {
    case "stdin":
      return fromStdin(services);
    case "git": {
      const { keepGitDir = false, submodules = true, ...git } = place.git;
      const tree = await services.fetchGit({ ...git, keepGitDir, submodules });
      // Everything in it has the commit's time.
      return { context: new TreeContext(redact(name), tree, tree.stat("" as Bytes)?.mtime) };
    }
    case "http":
      return fromUrl(place, redact(name), unpack, services);
  }
}

async function fromUrl(
  { url, checksum }: Extract<FetchedPlace, { kind: "http" }>,
  name: string,
  unpack: boolean,
  { store, ...services }: RemoteServices,
): Promise<OpenedContext> {
  const file = await download(url, { store, ...services, ...(checksum && { checksum }) });
  const head = readRange(file.path, 0, Math.min(ARCHIVE_HEAD, file.size));
  if (unpack && isArchiveHead(head)) {
    const tree = await readTarTree(createReadStream(file.path), store.tempPath("context"));
    return { context: new TreeContext(name, tree, file.mtime || tree.newest()) };
  }
  const context = new TreeContext(name, fileTree(DOWNLOAD_NAME, file), await timeOfDownload(file, store));
  if (!unpack) return { context };
  if (file.size > MAX_DOCKERFILE) throw tooLarge(name);
  return { context, dockerfile: { name: "Dockerfile", data: readRange(file.path, 0, file.size) } };
}

/** What the server says; else the time of the newest file in it, where it is an archive (BuildKit epoch.go). */
export async function timeOfDownload(file: Downloaded, store: Store): Promise<number | undefined> {
  if (file.mtime !== 0) return file.mtime;
  if (!isArchiveHead(readRange(file.path, 0, Math.min(ARCHIVE_HEAD, file.size)))) return undefined;
  try {
    return (await readTarTree(createReadStream(file.path), store.tempPath("archive"))).newest();
  } catch (error) {
    if (error instanceof TsbuildError && error.code === "ARCHIVE_INVALID") return undefined;
    throw error;
  }
}

/** `tsbuild -`: an archive, or a Dockerfile that has no files to copy. */
async function fromStdin({ stdin, store }: RemoteServices): Promise<OpenedContext> {
  const { head, all } = await peek(stdin);
  if (head.length === 0) {
    throw new TsbuildError("CONTEXT_NOT_FOUND", "Cannot read the build context: standard input is empty", {
      hint: "pipe a tar or a Dockerfile into it, or name a directory",
    });
  }
  if (isArchiveHead(head)) {
    const tree = await readTarTree(all, store.tempPath("context"));
    return { context: new TreeContext("-", tree, tree.newest()) };
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of all) {
    size += chunk.length;
    if (size > MAX_DOCKERFILE) throw tooLarge("standard input");
    chunks.push(chunk);
  }
  const context = new TreeContext("-", new EntryTree(0));
  return { context, dockerfile: { name: "-", data: Buffer.concat(chunks) } };
}

function tooLarge(name: string): TsbuildError {
  return new TsbuildError(
    "DOCKERFILE_INVALID",
    `Cannot use ${name}: it is no archive, and larger than a Dockerfile can be`,
  );
}

async function peek(
  source: AsyncIterable<Uint8Array>,
): Promise<{ readonly head: Buffer; readonly all: AsyncIterable<Uint8Array> }> {
  const chunks = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  let next = await chunks.next();
  while (next.done !== true) {
    head = Buffer.concat([head, next.value]);
    if (head.length >= ARCHIVE_HEAD) break;
    next = await chunks.next();
  }
  const rest = { [Symbol.asyncIterator]: () => chunks };
  async function* all(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head;
    if (next.done !== true) yield* rest;
  }
  return { head, all: all() };
}
