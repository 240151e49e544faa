import type { Bytes } from "../core/bytes.ts";
import type { Range, SourceText } from "../core/diagnostic.ts";
import type { Platform } from "../core/platform.ts";
import type { Digest } from "../core/digest.ts";
import type { FromInstruction, Instruction } from "../dockerfile/types.ts";
import type { HistoryEntry, ImageConfig, RunConfig } from "../image/types.ts";

/** What `stages` asks of the outside while it resolves FROM: wired in build.ts. */
export interface BaseImages {
  /**
   * The image for a platform: from the store or a registry; only manifest and config are fetched. Undefined where it is
   * not here and nobody is to be asked: a stage on it is worked out as far as it goes without.
   */
  resolve(reference: string, platform: Platform): Promise<BaseImage | undefined>;
}

export interface BaseImage {
  /** Normalised, with tag or digest. */
  readonly reference: string;
  readonly manifest: Digest;
  readonly config: ImageConfig;
}

/** What the user said beside the Dockerfile. */
export interface PlanOptions {
  readonly target?: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly buildPlatform: Platform;
  /** --platform. */
  readonly targetPlatform: Platform;
  /** False where --platform was not given: a base image may then decide. */
  readonly explicitPlatform: boolean;
  /** One of several builds for a platform each: then the names of steps say which. */
  readonly isOneOfSeveral?: boolean;
  /** What RUN without --network has. */
  readonly network?: "none" | "host";
  /** Names of --build-context beside the main context. */
  readonly contexts: readonly string[];
  /** Those of them that are images: the name as in `contexts` → the reference; "scratch" is nothing at all. */
  readonly images?: ReadonlyMap<string, string>;
  /** Why a file of the main context is hidden from the build; undefined where it is not, or is not there at all. */
  readonly ignored?: (path: Bytes) => HiddenBy | undefined;
  /** Of tsbuild.lock. */
  readonly pins?: Pins;
  /** The time that something to be fetched has of its own, in seconds since 1970: for SOURCE_DATE_EPOCH. */
  readonly timeOf?: (source: Dated) => Promise<number | undefined>;
}

/** What sources without a checksum are to be: of tsbuild.lock. Keys: pins.ts. */
export interface Pins {
  readonly urls: Readonly<Record<string, string>>;
  readonly git: Readonly<Record<string, string>>;
}

/** What SOURCE_DATE_EPOCH may name instead of saying a number. */
export type Dated =
  | { readonly from: "context"; readonly name: string }
  | Extract<CopyFrom, { readonly from: "http" | "git" }>;

/** A pattern of an ignore file. */
export interface HiddenBy {
  readonly pattern: string;
  readonly file: string;
  /** One-based. */
  readonly line: number;
}

/** Where files come from: FROM, COPY --from and `from` of RUN --mount. */
export type Source =
  | { readonly type: "scratch" }
  | { readonly type: "stage"; readonly index: number }
  | { readonly type: "image"; readonly reference: string; readonly platform: Platform }
  /** "" is the main build context. */
  | { readonly type: "context"; readonly name: string };

/** FROM and the instructions up to the next one, with FROM's words expanded. */
export interface Stage {
  readonly index: number;
  /** Lower-case. */
  readonly name?: string;
  /** For people: the name, or `stage-2`. */
  readonly label: string;
  readonly from: FromInstruction;
  readonly base: Source;
  /** `FROM --platform`. */
  readonly platform?: Platform;
  readonly instructions: readonly Instruction[];
}

/** A stage that the target needs, with what only its base image tells. */
export interface ResolvedStage extends Stage {
  /** ONBUILD triggers of the base: they run before the stage's own instructions, and stand at FROM for messages. */
  readonly triggers: readonly Instruction[];
  /** Where the base is an image. */
  readonly image?: BaseImage;
}

/** Where a step stands in the Dockerfile, for error frames. */
export interface Place {
  readonly source: SourceText;
  readonly range: Range;
}

/** A stage worked out: what runs on its base, and the image that it makes. */
export interface StagePlan {
  readonly index: number;
  readonly label: string;
  readonly base: Source;
  /** The name of the base's own step, `[build 1/4] FROM docker.io/library/debian:12`; "" where the base is no image. */
  readonly baseName: string;
  readonly at: Place;
  /** What its steps run on. */
  readonly platform: Platform;
  /** What its image is for, where --platform does not say it. */
  readonly imagePlatform: Platform;
  readonly steps: readonly PlannedStageStep[];
  readonly config: RunConfig;
  readonly author?: string;
  /** The base's history first. */
  readonly history: readonly StageHistory[];
}

export interface StageHistory {
  readonly entry: HistoryEntry;
  readonly inherited: boolean;
  /** The step that makes the layer: of this stage, or of the one that it is built from. */
  readonly step?: { readonly stage: number; readonly step: number };
}

/** An instruction that changes files. Every step works on the result of the one before it, the first on the base. */
export interface PlannedStageStep {
  readonly name: string;
  readonly at: Place;
  readonly action: Action;
}

type Action = RunAction | CopyAction | WorkdirAction;

/** RUN; the members mean what those of graph's ExecOp do. */
export interface RunAction {
  readonly type: "exec";
  readonly argv: readonly string[];
  readonly env: readonly string[];
  readonly args: readonly string[];
  readonly proxyEnv: readonly string[];
  readonly cwd: string;
  readonly user: string;
  readonly platform: Platform;
  readonly hostname?: string;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly mounts: readonly Mount[];
  readonly scripts: readonly { readonly name: string; readonly body: string }[];
}

/** COPY and ADD; the members mean what those of graph's CopyOp do. */
export interface CopyAction {
  readonly type: "copy";
  readonly sources: readonly CopyFrom[];
  readonly dest: string;
  readonly chown?: string;
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  readonly unpack: boolean;
}

export type CopyFrom =
  | { readonly from: "input"; readonly source: Source; readonly path: string; readonly keepOwner: boolean }
  /** A URL: `filename` is the name that the file gets in a directory. */
  | {
      readonly from: "http";
      readonly url: string;
      readonly filename: string;
      readonly checksum?: Digest;
      readonly unpack: boolean;
    }
  | {
      readonly from: "git";
      readonly remote: string;
      readonly ref?: string;
      readonly subdir?: string;
      readonly checksum?: string;
      readonly keepGitDir: boolean;
      readonly submodules: boolean;
    }
  | { readonly from: "inline"; readonly name: string; readonly data: string };

/** WORKDIR. */
interface WorkdirAction {
  readonly type: "mkdir";
  readonly path: string;
  readonly user: string;
}

interface FileOwner {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** RUN --mount with every default filled in and an absolute target. */
export type Mount =
  | {
      readonly type: "bind";
      readonly target: string;
      readonly from: Source;
      readonly source: string;
      readonly readonly: boolean;
    }
  | ({
      readonly type: "cache";
      readonly target: string;
      readonly id: string;
      readonly sharing: "shared" | "private" | "locked";
      readonly readonly: boolean;
      readonly from: Source;
      readonly source: string;
    } & FileOwner)
  | { readonly type: "tmpfs"; readonly target: string; readonly size?: number }
  | ({
      readonly type: "secret";
      readonly id: string;
      readonly target?: string;
      readonly env?: string;
      readonly required: boolean;
    } & FileOwner)
  | ({
      readonly type: "ssh";
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
    } & FileOwner);
