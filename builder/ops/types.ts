import type { Resource } from "../core/slots.ts";
import type { Digest } from "../core/digest.ts";
import type { Json } from "../core/json.ts";
import type { Tree } from "../core/entry.ts";
import type { BuildContext } from "../context/types.ts";
import type { Op, Vertex } from "../graph/types.ts";
import type { Layer, NewChange, RootFs } from "../layers/types.ts";
import type { OpContext, OpResult } from "../solver/types.ts";
import type { KeepList } from "./copy/content.ts";
import type { StepNetworks } from "./exec-network.ts";
import type { StepRoots } from "./step-roots.ts";
import type { SealedAhead } from "../../runtime/layers/layer-store.ts";
import type { CacheMounts } from "../../runtime/mounts/cache-mounts.ts";
import type { SandboxLimits } from "../../runtime/limits/sandbox-limits.ts";
import type { SandboxSettings } from "../../runtime/limits/types.ts";
import type { Helper } from "../../runtime/types.ts";

/** How one kind of op is keyed and run; `OpRunner` of the solver asks the handler of a vertex's op. */
export interface OpHandler<T extends Op> {
  readonly resource?: Resource;
  /** False: it costs nothing to run, so that no record is kept. */
  readonly recorded?: boolean;
  /** What of the op belongs into its key; undefined where only its content tells. */
  definition(op: T): Json | undefined;
  /** What of the op belongs into its content key, where that is less than the definition. */
  contentDefinition?(op: T): Json;
  /** Inputs that are keyed by the content that the op takes from them. */
  contentInputs?(op: T, inputs: readonly Vertex[]): readonly number[];
  content?(op: T, inputs: Inputs, step: Step): Promise<Json>;
  run(op: T, inputs: Inputs, step: Step): Promise<OpResult>;
}

/** Indexed as the vertex's inputs are. For `content`, those that are keyed by content are there, and what was at hand. */
export type Inputs = readonly (Input | undefined)[];

/** An input of a vertex: what it resulted in, and what it was. */
export interface Input {
  readonly vertex: Vertex;
  readonly result: OpResult;
}

/** The vertex that runs, and its surroundings. */
export interface Step extends OpContext {
  readonly vertex: Vertex;
}

/** What ops work with; build.ts makes it. */
export interface OpServices {
  helper(): Promise<Helper>;
  context(name: string): BuildContext;
  /** The union of a root filesystem's layers. Reading a file whose layer is not here as a tar throws; see `withTars`. */
  tree(rootfs: RootFs): Promise<Tree>;
  /** Runs `work` again with more layers here as tars until it has all the bytes that it reads. */
  withTars<T>(work: () => T | Promise<T>): Promise<T>;
  /** Keeps what a content digest was taken of, so that a later build can tell what changed. */
  readonly keepContentList: KeepList;
  /** Seals changes into a layer. */
  seal(changes: readonly NewChange[], signal: AbortSignal): Promise<Layer>;
  /** The same for what may be much: see `LayerStore.sealBeside`. */
  sealBeside(
    changes: readonly NewChange[],
    signal: AbortSignal,
    kin: Digest,
    check: () => void,
  ): Promise<Layer>;
  /**
   * The same before it is known whether the layer is needed; what is returned makes it one of the store's. Undefined where
   * that would not help.
   */
  sealAhead(
    changes: readonly NewChange[],
    signal: AbortSignal,
    kin?: Digest,
  ): Promise<SealedAhead | undefined>;
  /** Whether what a root filesystem has is known without fetching a layer. */
  isIndexed(rootfs: RootFs): Promise<boolean>;
  /** Root filesystems for steps. */
  stepRoots(): Promise<StepRoots>;
  tempPath(label: string): string;
  /** Opens a named context, which may have to be fetched: before `context` is asked for it. */
  openContext(name: string, signal: AbortSignal): Promise<void>;
  /** The file of a URL, downloaded where it changed. */
  download(op: Extract<Op, { type: "http" }>, step: Step): Promise<Tree>;
  /** The files of a commit, fetched where they are not here. */
  gitFiles(op: Extract<Op, { type: "git" }>, step: Step): Promise<Tree>;
  /** The layers of an image, fetched when somebody reads them. */
  imageLayers(op: Extract<Op, { type: "image" }>, step: Step): RootFs;
  /** Networks for steps that want one of their own. */
  networks(): Promise<StepNetworks>;
  readonly openCacheMount: CacheMounts["open"];
  /** How steps are held beyond what the Dockerfile says. */
  readonly sandbox: SandboxSettings;
  /** Holds one step after the other by those limits. */
  limits(): Promise<SandboxLimits>;
  /** The value of --secret ID; undefined where the build was given none. */
  secret(id: string): Buffer | undefined;
  /** Path of the SSH agent's socket that --ssh ID names; undefined where the build was given none. */
  sshSocket(id: string): string | undefined;
  /** Seconds since 1970: of directories that nobody gave a time. */
  readonly now: number;
  /** SOURCE_DATE_EPOCH: layers have no later time, and are others with every other one. */
  readonly epoch?: number;
}
