import type { Range, SourceText } from "../core/diagnostic.ts";
import type { VertexId } from "../core/events.ts";
import type { Digest, DiffId } from "../core/digest.ts";
import type { Platform } from "../core/platform.ts";
import type { HistoryEntry, RunConfig } from "../image/types.ts";

/** One step of a build: an op, and the vertices whose results it works on. Equal vertices have equal ids and are one. */
export interface Vertex {
  readonly id: VertexId;
  readonly op: Op;
  readonly inputs: readonly VertexId[];
  /** For people: `[builder 2/5] RUN make`. */
  readonly name: string;
  readonly stage?: string;
  /** Where it stands in the Dockerfile, for error frames. */
  readonly at?: { readonly source: SourceText; readonly range: Range };
}

/**
 * What a vertex does. `base` is the index, in `inputs`, of the root filesystem that the op works upon, or null for an
 * empty one (scratch). Every op but `context`, `http` and `git`, which are files to copy from, results in a root
 * filesystem: the base's layers and at most one more.
 */
export type Op = ImageOp | ContextOp | HttpOp | GitOp | ExecOp | CopyOp | MkdirOp;

/** The layers of an image of a registry or of the store. */
export interface ImageOp {
  readonly type: "image";
  /** Normalised reference, for people and for pulling. */
  readonly reference: string;
  readonly manifest: Digest;
  readonly platform: Platform;
  readonly diffIds: readonly DiffId[];
}

/** The files of a build context. */
export interface ContextOp {
  readonly type: "context";
  /** "" is the main one; others come from --build-context. */
  readonly name: string;
}

/** ADD of a URL: one file, 0600 of root, with the server's Last-Modified. */
export interface HttpOp {
  readonly type: "http";
  /** With its credentials, where it has some: never to be shown. */
  readonly url: string;
  /** The file's name. */
  readonly filename: string;
  /** --checksum. */
  readonly checksum?: Digest;
}

/** ADD of a git repository: the files of a commit, 0644 or 0755 of root, with the commit's time. */
export interface GitOp {
  readonly type: "git";
  /** With its credentials, where it has some: never to be shown. */
  readonly remote: string;
  readonly ref?: string;
  readonly subdir?: string;
  /** The commit's digits, or the first of them. */
  readonly checksum?: string;
  readonly keepGitDir: boolean;
  readonly submodules: boolean;
}

/** RUN. */
export interface ExecOp {
  readonly type: "exec";
  readonly base: number | null;
  readonly argv: readonly string[];
  /** Whole environment, in order: config.Env, then build arguments in scope. */
  readonly env: readonly string[];
  /** Names in `env` whose values are those of build arguments: `explain` says ARG of them. No part of the key. */
  readonly args: readonly string[];
  /** Proxy variables: passed to the process, outside of the cache key. */
  readonly proxyEnv: readonly string[];
  /** Absolute. */
  readonly cwd: string;
  /** As USER wrote it; "" is root. */
  readonly user: string;
  readonly platform: Platform;
  readonly hostname?: string;
  readonly network: "default" | "none" | "host";
  readonly security: "sandbox" | "insecure";
  readonly mounts: readonly ExecMount[];
  /** `RUN <<EOF` with a `#!` body: files put read-only below /dev/pipes for the step. */
  readonly scripts: readonly { readonly name: string; readonly body: string }[];
}

/** RUN --mount, every option known. `input` is an index into `inputs`. Absolute targets. */
export type ExecMount =
  | {
      readonly type: "bind";
      readonly target: string;
      readonly input: number;
      readonly source: string;
      readonly readonly: boolean;
    }
  | {
      readonly type: "cache";
      readonly target: string;
      readonly id: string;
      readonly sharing: "shared" | "private" | "locked";
      readonly readonly: boolean;
      readonly input?: number;
      readonly source: string;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | { readonly type: "tmpfs"; readonly target: string; readonly size?: number }
  | {
      readonly type: "secret";
      readonly id: string;
      readonly target?: string;
      readonly env?: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    }
  | {
      readonly type: "ssh";
      readonly id: string;
      readonly target: string;
      readonly required: boolean;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
    };

/** COPY and ADD. */
export interface CopyOp {
  readonly type: "copy";
  readonly base: number | null;
  /** In order: a later source overwrites what an earlier one put. */
  readonly sources: readonly CopySource[];
  /** Absolute; a trailing `/` is kept: it means "into this directory". */
  readonly dest: string;
  /** `user[:group]`, names or numbers; undefined: context files 0:0, files of a stage as they are. */
  readonly chown?: string;
  /** Octal ("0644") or symbolic ("u=rwX,go=rX"). */
  readonly chmod?: string;
  readonly link: boolean;
  readonly parents: boolean;
  readonly exclude: readonly string[];
  /** ADD: unpack sources that are local tar archives. */
  readonly unpack: boolean;
}

export type CopySource =
  /** A path or pattern below the root of an input; `keepOwner` for COPY --from. */
  | { readonly from: "input"; readonly input: number; readonly path: string; readonly keepOwner: boolean }
  /** What ADD fetched: the file with this name, or everything where `path` is "". Never a pattern. */
  | { readonly from: "remote"; readonly input: number; readonly path: string; readonly unpack: boolean }
  /** A heredoc: expanded already, mode 0644. */
  | { readonly from: "inline"; readonly name: string; readonly data: string };

/** WORKDIR: makes the directory and its missing parents, 0755, owned by `user`. */
export interface MkdirOp {
  readonly type: "mkdir";
  readonly base: number | null;
  readonly path: string;
  readonly user: string;
}

/** What a build is to make: the vertices that it needs, inputs before users, and what each target is made of. */
export interface BuildGraph {
  readonly vertices: readonly Vertex[];
  readonly target: TargetPlan;
}

/** The image of the target stage, but for what only running tells. */
export interface TargetPlan {
  readonly stage: string;
  readonly platform: Platform;
  /** The vertex with its root filesystem; null is an empty one. */
  readonly rootfs: VertexId | null;
  readonly config: RunConfig;
  readonly author?: string;
  /**
   * SOURCE_DATE_EPOCH, in seconds since 1970: of --build-arg, or the default of an ARG before the first FROM. Where that
   * named a context or a stage, it is the time of that. Times of the image and of its files are at most this one.
   */
  readonly epoch?: number;
  /** The base image's history and then one entry for each instruction; `vertex` is set where it makes a layer. */
  readonly history: readonly PlannedHistory[];
}

interface PlannedHistory {
  readonly entry: HistoryEntry;
  /** The vertex that adds the layer of this entry. */
  readonly vertex?: VertexId;
  /** From the base image: kept as it is, `created` included. */
  readonly inherited: boolean;
}
