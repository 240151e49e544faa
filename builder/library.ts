import { openTsbuild } from "./build.ts";
import { TsbuildError } from "./core/errors.ts";
import type { Emit } from "./core/events.ts";
import type { Dockerfile } from "./dockerfile/types.ts";
import type { PrintedGraph } from "./graph/print.ts";
import { Running } from "./running.ts";
import type { ContainerSandbox } from "./api/container-sandbox.ts";
import type { ContainerIo, RunOptions } from "./api/run-options.ts";
import type { BuildOptions, BuildResult, Tsbuild } from "./api/types.ts";
import type { TransferOptions } from "./api/transfer-options.ts";

/** Where it happens, and what ends it: the same for all functions. */
export interface LibraryOptions {
  /** Directory of the store; that of the command line when not given. */
  readonly root?: string;
  /** In place of the process's environment: proxies, DOCKER_CONFIG, HOME. */
  readonly env?: NodeJS.ProcessEnv;
  /** Stops the work, which cleans up and rejects with INTERRUPTED. */
  readonly signal?: AbortSignal;
}

/** A build: the context, and of all that the command line knows what is needed. */
export type BuildRequest = LibraryOptions &
  Partial<Omit<BuildOptions, "emit" | "signal" | "context">> & { readonly context: string };

/** A container: the image, and of all that the command line knows what is needed. */
export type RunRequest = LibraryOptions &
  Partial<Omit<RunOptions, "emit" | "signal" | "image" | "io" | "sandbox">> & {
    readonly image: string;
    readonly sandbox?: Partial<ContainerSandbox>;
    /** What it writes and reads; nothing is shown and nothing is read when not given. */
    readonly io?: Partial<ContainerIo>;
  };

/** A push or a pull. */
export type TransferRequest = LibraryOptions & Partial<Omit<TransferOptions, "emit" | "signal">>;

/** Builds an image. Rejects with a TsbuildError, whose `code` is of a closed list (docs/errors.md). */
export function build(request: BuildRequest): Running<BuildResult> {
  return running(request, (tsbuild, emit, signal) =>
    tsbuild.build({ ...buildOptions(request), emit, signal }),
  );
}

/** Runs an image in a new container; the result is its exit status. */
export function run(request: RunRequest): Running<number> {
  return running(request, (tsbuild, emit, signal) => {
    const { io = {}, sandbox = {}, ...rest } = request;
    const held = { ...SANDBOX_DEFAULTS, ...sandbox };
    return tsbuild.run({ ...RUN_DEFAULTS, ...rest, sandbox: held, io: { ...SILENT, ...io }, emit, signal });
  });
}

/** Sends an image of the store to its registry. */
export function push(reference: string, request: TransferRequest = {}): ReturnType<typeof transfer> {
  return transfer("push", reference, request);
}

/** Fetches an image from its registry into the store. */
export function pull(reference: string, request: TransferRequest = {}): ReturnType<typeof transfer> {
  return transfer("pull", reference, request);
}

/** The instructions of a Dockerfile with what is wrong with them; nothing is expanded, nothing is looked up. */
export async function parse(text: string, name = "Dockerfile"): Promise<Dockerfile> {
  const { parseDockerfile } = await import("./dockerfile/parse.ts");
  return parseDockerfile({ name, text });
}

/** The graph of the steps of a build, whose base images are looked up; nothing is built. */
export async function plan(request: BuildRequest): Promise<PrintedGraph> {
  const json = await running(request, (tsbuild, emit, signal) =>
    tsbuild.plan("graph", { ...buildOptions(request), emit, signal }),
  );
  return JSON.parse(json) as PrintedGraph;
}

function transfer(
  verb: "push" | "pull",
  reference: string,
  request: TransferRequest,
): Running<Awaited<ReturnType<Tsbuild["push"]>>> {
  return running(request, (tsbuild, emit, signal) => tsbuild[verb](reference, { ...request, emit, signal }));
}

const BUILD_DEFAULTS = {
  tags: [],
  buildArgs: {},
  labels: {},
  noCache: false,
  pull: "missing",
  push: false,
  outputs: [],
} as const;

function buildOptions(request: BuildRequest): Omit<BuildOptions, "emit" | "signal"> {
  return { ...BUILD_DEFAULTS, ...request };
}

const RUN_DEFAULTS = {
  command: [],
  env: [],
  volumes: [],
  labels: {},
  capAdd: [],
  capDrop: [],
  interactive: false,
  tty: false,
  init: false,
  readonly: false,
  detach: false,
  remove: true,
  pull: "missing",
} as const;

const SANDBOX_DEFAULTS: ContainerSandbox = {
  settings: { limits: {}, ulimits: [], hosts: [] },
  network: "default",
  ports: [],
  mounts: [],
  publishAll: false,
  dns: { servers: [], search: [], options: [] },
  noNewPrivileges: false,
};

const SILENT: ContainerIo = { stdout: () => undefined, stderr: () => undefined, onStart: () => undefined };

/** Opens the store, does one piece of work with it and closes it again. */
function running<T>(
  { root, env = process.env, signal = new AbortController().signal }: LibraryOptions,
  work: (tsbuild: Tsbuild, emit: Emit, signal: AbortSignal) => Promise<T>,
): Running<T> {
  return new Running(async (emit) => {
    if (signal.aborted) throw new TsbuildError("INTERRUPTED", "Cannot begin: the signal was aborted before");
    const place = root === undefined ? env : { ...env, TSBUILD_ROOT: root };
    await using tsbuild = await openTsbuild({ env: place, emit, signal, stdout: () => process.stdout });
    return await work(tsbuild, emit, signal);
  });
}
