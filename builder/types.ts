import type { Emit } from "./core/events.ts";
import type { Digest } from "./core/digest.ts";
import type { Platform } from "./core/platform.ts";
import type { ImageConfig, Manifest } from "./image/types.ts";

/** When a base image is asked for at its registry: --pull. */
export type PullPolicy = "always" | "missing" | "newer" | "never";

/** --output: where a build's result goes. `dest` "-" is standard output. */
export type OutputSpec =
  | { readonly type: "image"; readonly names: readonly string[]; readonly push: boolean }
  | { readonly type: "oci" | "docker" | "tar"; readonly dest: string }
  | { readonly type: "local"; readonly dest: string };

/** What a build is asked for. Every member's flag stands at the end of its line. */
export interface BuildOptions {
  /** Directory with the files to copy from. PATH */
  readonly context: string;
  /** NAME → source: images and directories that FROM and COPY --from find by these names. --build-context */
  readonly contexts?: Readonly<Record<string, string>>;
  /** Path of the Dockerfile, "-" for standard input; `Dockerfile` in the context when not given. --file */
  readonly dockerfile?: string;
  /** Names for the result. --tag */
  readonly tags: readonly string[];
  /** Stage to build; the last when not given. --target */
  readonly target?: string;
  /** Values for ARG. --build-arg */
  readonly buildArgs: Readonly<Record<string, string>>;
  /** --label */
  readonly labels: Readonly<Record<string, string>>;
  /** Runs every step, whatever the cache has. --no-cache */
  readonly noCache: boolean;
  /** --pull */
  readonly pull: PullPolicy;
  /** --platform */
  readonly platform?: Platform;
  /** Pushes every tag when the image is made. --push */
  readonly push: boolean;
  /** --output */
  readonly outputs: readonly OutputSpec[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface BuildResult {
  /** Digest of the image config: docker's image id. Undefined where no output made an image. */
  readonly imageId?: Digest;
  /** Digest of the manifest: as pushed, where it was pushed. */
  readonly digest?: Digest;
  readonly names: readonly string[];
  readonly platform: Platform;
  /** How many steps ran, and how many were found in the cache. */
  readonly ran: number;
  readonly cached: number;
}

/** What `tsbuild run` is asked for. */
export interface RunOptions {
  readonly image: string;
  /** Replaces the image's Cmd; empty: the image's. */
  readonly command: readonly string[];
  /** Replaces the image's Entrypoint; [] clears it. --entrypoint */
  readonly entrypoint?: readonly string[];
  /** KEY=VALUE. --env */
  readonly env: readonly string[];
  /** HOST:CONTAINER[:ro]. --volume */
  readonly volumes: readonly string[];
  /** --workdir */
  readonly workdir?: string;
  /** --user */
  readonly user?: string;
  /** --hostname */
  readonly hostname?: string;
  /** Standard input is passed on. --interactive */
  readonly interactive: boolean;
  /** A terminal of its own. --tty */
  readonly tty: boolean;
  /** Removes the container's files when it ends. --rm */
  readonly remove: boolean;
  readonly pull: PullPolicy;
  readonly platform?: Platform;
  readonly io: ContainerIo;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** What the command line lends to a container. */
export interface ContainerIo {
  stdout(data: Buffer): void;
  stderr(data: Buffer): void;
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Size at the start; for a terminal. */
  readonly columns?: number;
  readonly rows?: number;
  /** Called once it runs: signals and sizes are passed on through what it gets. */
  onStart(control: { signal(number: number): void; resize(columns: number, rows: number): void }): void;
}

/** One line of `tsbuild images`. */
export interface ImageSummary {
  readonly name: string;
  /** Digest of the config; of the manifest, where the config is not here. */
  readonly id: Digest;
  readonly digest: Digest;
  /** RFC 3339. */
  readonly created?: string;
  /** Bytes of all layers, uncompressed where that is known. */
  readonly size: number;
}

export interface ImageDetails {
  readonly names: readonly string[];
  readonly manifest: Manifest;
  readonly config: ImageConfig;
}

/** One finding of `tsbuild doctor`. */
export interface Finding {
  readonly level: "ok" | "note" | "problem";
  readonly subject: string;
  readonly message: string;
  /** The exact setting or command that makes it better. */
  readonly fix?: string;
}

/** All that the command line can do, with one store. Made by `openTsbuild` in build.ts; closed when the command ends. */
export interface Tsbuild extends AsyncDisposable {
  build(options: BuildOptions): Promise<BuildResult>;
  /** Resolves with the container's exit status. */
  run(options: RunOptions): Promise<number>;
  pull(
    reference: string,
    options: TransferOptions,
  ): Promise<{ readonly name: string; readonly digest: Digest }>;
  push(
    reference: string,
    options: TransferOptions,
  ): Promise<{ readonly name: string; readonly digest: Digest }>;
  tag(source: string, target: string): void;
  /** Removes names; returns what was removed. */
  remove(references: readonly string[]): readonly string[];
  images(): readonly ImageSummary[];
  inspect(reference: string): ImageDetails;
  doctor(): Promise<readonly Finding[]>;
}

export interface TransferOptions {
  readonly platform?: Platform;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}
