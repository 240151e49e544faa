import type { CheckReport, Outline, PlanStep, TargetList } from "./answer-types.ts";
import type { ContextPath, ContextReport } from "./context-report.ts";
import type { LogsOptions, StepLog } from "./step-logs.ts";
import type { SizeBudgets, StepGrowth } from "./growth.ts";
import type { WhichBuild } from "./which-build.ts";
import type { BundleReport, CacheFrom, CacheTo } from "../cache/types.ts";
import type { CheckResult, PruneRequest, PruneResult, SpaceReport } from "../space/types.ts";
import type { Emit } from "../core/events.ts";
import type { Digest } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import type { Explanation, Reason } from "../explain/types.ts";
import type { SandboxSettings } from "../../runtime/limits/types.ts";
import type { Annotation } from "../image/annotations.ts";
import type { Descriptor, ImageConfig, Manifest } from "../image/types.ts";
import type { ComparedImage, ImageDifference } from "../compare/types.ts";
import type { NetworkMode } from "../../runtime/network/types.ts";
import type {
  CopyOptions,
  HistoryStep,
  ImageSummary,
  LoadedImage,
  LoadOptions,
  SaveOptions,
} from "./image-types.ts";
import type { OutputSpec } from "./output-types.ts";
import type { Containers } from "./container-types.ts";
import type { TransferOptions } from "./transfer-options.ts";
import type { SecretSource } from "./secret-source.ts";
import type { ShellOptions } from "./shell-options.ts";
import type { RunOptions } from "./run-options.ts";

/** When a base image is asked for at its registry: --pull. */
export type PullPolicy = "always" | "missing" | "newer" | "never";

/** What a Dockerfile may ask for only where --allow says so. */
export type Entitlement = "network.host" | "security.insecure";

/** What a build is asked for. Every member's flag stands at the end of its line. */
export interface BuildOptions {
  /** What files are copied from: a directory, "-" for an archive on standard input, the URL of an archive or a repository. PATH */
  readonly context: string;
  /** NAME → directory, URL, docker-image:// or oci-layout://: what FROM and COPY --from find by these names. --build-context */
  readonly contexts?: Readonly<Record<string, string>>;
  /** Values for RUN --mount=type=secret. --secret */
  readonly secrets?: readonly SecretSource[];
  /** Agent sockets for RUN --mount=type=ssh by id; "" is the caller's own agent. --ssh */
  readonly ssh?: Readonly<Record<string, string>>;
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
  /** Runs every step of these stages, whatever the cache has. --no-cache-filter */
  readonly noCacheStages?: readonly string[];
  /** Milliseconds: results that are older are made anew. --cache-ttl */
  readonly cacheTtl?: number;
  /** How many steps run at once; as many as there are cores when not given. --jobs */
  readonly jobs?: number;
  /** Says of each step that runs why it was not found in the cache. --explain */
  readonly explain?: boolean;
  /** Bytes that the cache may have at the end; a fifth of the disk, at least 10 GiB, when not given. --max-cache-size */
  readonly maxCacheSize?: number;
  /** What is stated of the image beside it. --attest, --provenance, --sbom */
  readonly attest?: AttestRequest;
  /** What tsbuild.lock is for: to be added to, to be taken as it is, to be written anew. --lock, --frozen, --update-lock */
  readonly lock?: "lock" | "frozen" | "update";
  /** Asks no registry and no server for images, URLs and repositories. --offline */
  readonly offline?: boolean;
  /** --pull */
  readonly pull: PullPolicy;
  /** Each of them once: several make an index of images. This machine's when not given. --platform */
  readonly platforms?: readonly Platform[];
  /** What steps are held by, and what is added to their /etc/hosts. --memory, --cpus, --ulimit, --add-host … */
  readonly sandbox?: Partial<SandboxSettings>;
  /** What RUN may ask for beyond the usual. --allow */
  readonly allow?: readonly Entitlement[];
  /** Network of the steps that name none; "host" allows RUN --network=host too. --network */
  readonly network?: NetworkMode;
  /** Sizes beyond which the build fails. --max-image-size, --max-layer-growth */
  readonly budgets?: SizeBudgets;
  /** Fails where a secret is found in the image, and looks more closely. --fail-on-secrets */
  readonly failOnSecrets?: boolean;
  /** Pushes every tag when the image is made. --push */
  readonly push: boolean;
  /** Gives the image to the docker daemon as well. --load */
  readonly load?: boolean;
  /** --output */
  readonly outputs: readonly OutputSpec[];
  /** Annotations of every image that an output writes. --annotation */
  readonly annotations?: readonly Annotation[];
  /** Caches that are looked in, in this order, where the store's own knows nothing. --cache-from */
  readonly cacheFrom?: readonly CacheFrom[];
  /** Where the cache of this build goes. --cache-to */
  readonly cacheTo?: readonly CacheTo[];
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface AttestRequest {
  /** How it was built. "max": with the values of build arguments, the ids of secrets, and the steps. */
  readonly provenance?: { readonly mode: "min" | "max"; readonly builderId?: string };
  /** What packages are in it. */
  readonly sbom: boolean;
}

export interface BuildResult {
  /** Digest of the image config: docker's image id. Undefined where no output made an image, or one made several. */
  readonly imageId?: Digest;
  /** Digest of the manifest, or of the index of several platforms: as pushed, where it was pushed. */
  readonly digest?: Digest;
  /** What `digest` is of: media type, size, annotations. */
  readonly descriptor?: Descriptor;
  readonly names: readonly string[];
  readonly platforms: readonly Platform[];
  /** How many steps ran, and how many were found in the cache. */
  readonly ran: number;
  readonly cached: number;
  /** What those that ran added to the image. */
  readonly growth?: readonly StepGrowth[];
}

export interface ImageDetails {
  readonly names: readonly string[];
  /** What these names point to: the manifest, or an index that it is in. */
  readonly digest: Digest;
  readonly manifest: Manifest;
  readonly config: ImageConfig;
  /** What is stated of it (--attest): kinds of statements, and the artifacts that have them. */
  readonly statements?: readonly {
    readonly predicateType: string;
    readonly predicate: object;
    readonly artifact: Digest;
  }[];
}

/** One finding of `tsbuild doctor`. */
export interface Finding {
  readonly level: "ok" | "note" | "problem";
  readonly subject: string;
  readonly message: string;
  /** The exact setting or command that makes it better. */
  readonly fix?: string;
}

/** What a build would do. */
export interface BuildForecast {
  readonly steps: readonly {
    readonly step: string;
    readonly stage: string;
    /** "may-run": the result of a step before it decides. "unneeded": nobody would ask for it. */
    readonly verdict: "hit" | "run" | "may-run" | "unneeded";
    /** Why it would run. */
    readonly reasons: readonly Reason[];
  }[];
  /** Bytes of layers that would be pulled for what runs; `pullAtMost` with what may run. */
  readonly pull: number;
  readonly pullAtMost: number;
}

export interface LoginResult {
  readonly registry: string;
  /** False where the registry lets anybody in: then nothing is known of the password. */
  readonly proved: boolean;
  /** The credential helper or the file that keeps it. */
  readonly place: string;
  /** It is readable for whoever may read that file. */
  readonly isPlain: boolean;
}

/** All that the command line can do, with one store. Made by `openTsbuild` in build.ts; closed when the command ends. */
export interface Tsbuild extends AsyncDisposable {
  build(options: BuildOptions): Promise<BuildResult>;
  /** What a build would run, and why; nothing is run. --dry-run */
  forecast(options: BuildOptions): Promise<BuildForecast>;
  /** Why the steps of a build that is over ran; undefined where no such build is known. */
  explain(which: WhichBuild): Promise<Explanation | undefined>;
  /** What the steps of a build that is over wrote. */
  logs(which: LogsOptions): Promise<readonly StepLog[]>;
  /** All that is wrong with the Dockerfile. --check */
  check(options: BuildOptions): Promise<CheckReport>;
  /** What the target can be given. --call=outline */
  outline(options: BuildOptions): Promise<Outline>;
  /** --call=targets */
  targets(options: BuildOptions): Promise<TargetList>;
  /** What COPY can take of the build context, and what is hidden from it. */
  context(options: BuildOptions): Promise<ContextReport>;
  /** Why one path of it can be taken, or cannot. */
  contextPath(path: string, options: BuildOptions): Promise<ContextPath>;
  /** A step of the road from the Dockerfile to the graph, as JSON. --print */
  plan(step: PlanStep, options: BuildOptions): Promise<string>;
  /** Resolves with the container's exit status. */
  run(options: RunOptions): Promise<number>;
  readonly containers: Containers;
  /** A command where the last step failed; resolves with its exit status. */
  shell(options: ShellOptions): Promise<number>;
  pull(
    reference: string,
    options: TransferOptions,
  ): Promise<{ readonly name: string; readonly digest: Digest }>;
  push(
    reference: string,
    options: TransferOptions,
  ): Promise<{ readonly name: string; readonly digest: Digest }>;
  /** Proves a password to a registry and keeps it where docker does. "": Docker Hub. */
  login(
    registry: string,
    credential: { readonly username: string; readonly password: string },
    signal: AbortSignal,
  ): Promise<LoginResult>;
  /** Forgets it; undefined where there was nothing to forget. */
  logout(
    registry: string,
    signal: AbortSignal,
  ): Promise<{ readonly registry: string; readonly place: string } | undefined>;
  /** Writes images of the store into one archive. */
  save(references: readonly string[], options: SaveOptions): Promise<void>;
  /** Takes the images of an archive into the store. */
  load(options: LoadOptions): Promise<readonly LoadedImage[]>;
  /** Brings an image from one registry, archive, layout or the store to another, byte for byte. */
  copy(from: string, to: string, options: CopyOptions): Promise<{ readonly digest: Digest }>;
  /** The bytes of the manifest or index that a name leads to at its registry, or in the store as `store:NAME`. */
  manifest(reference: string, signal: AbortSignal): Promise<Buffer>;
  /** How an image was made, newest step first. */
  history(reference: string, platform?: Platform): Promise<readonly HistoryStep[]>;
  tag(source: string, target: string): Promise<void>;
  /** Removes names; returns what was removed. */
  remove(references: readonly string[]): Promise<readonly string[]>;
  images(): Promise<readonly ImageSummary[]>;
  /** The image of a name or id; of an index the one for the platform, or the best for this machine. */
  inspect(reference: string, platform?: Platform): Promise<ImageDetails>;
  /** What differs between two images, which are pulled where the store has them not. */
  diff(a: string, b: string, options: DiffOptions): Promise<Comparison>;
  /** Builds once more without the cache, in a store of its own, and says what came out otherwise. */
  verify(options: VerifyOptions): Promise<Comparison>;
  /** What takes space, and why it is kept. */
  space(): Promise<SpaceReport>;
  /** Removes cache that nobody needs. */
  prune(request: PruneRequest, signal: AbortSignal): Promise<PruneResult>;
  /** Looks at all that is in the store; with `repair`, drops what is broken. */
  checkStore(repair: boolean, signal: AbortSignal): Promise<CheckResult>;
  doctor(): Promise<readonly Finding[]>;
  /** Writes records, layers and cache mounts to a directory or a file. */
  saveCache(path: string, options: CacheBundleOptions): Promise<BundleReport>;
  /** Takes from there what the store does not have. */
  restoreCache(path: string, options: CacheBundleOptions): Promise<BundleReport>;
}

export interface DiffOptions extends TransferOptions {
  /** "files": what a container sees; "layers": each layer against its counterpart. --layers */
  readonly by: "files" | "layers";
}

export interface VerifyOptions extends BuildOptions {
  /** An image to hold the new build against, in place of a build with the cache. --against */
  readonly against?: string;
}

/** Two images, and what differs between them. */
export interface Comparison {
  readonly a: ComparedImage;
  readonly b: ComparedImage;
  readonly difference: ImageDifference;
}

/** What `tsbuild cache save` and `tsbuild cache restore` are asked for. */
export interface CacheBundleOptions {
  /** Bytes that a saved cache may have. --max-size */
  readonly maxSize?: number;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}
