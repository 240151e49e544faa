import type { Bytes } from "../core/bytes.ts";
import type { Digest, DiffId } from "../core/digest.ts";
import type { Emit } from "../core/events.ts";
import type { RunConfig } from "../image/types.ts";
import type { ResourceLimit } from "../../runtime/types.ts";
import type { ContainerIo, RestartPolicy, RunOptions } from "./run-options.ts";

/**
 * What is known of a container, in containers/<id>/ of the store:
 *
 *     container.json   this
 *     request.json     what it was asked for
 *     fs/ work/        what it wrote (overlay)
 *     seccomp          its filter of system calls, for `exec`
 *     log log.1 exit   what it said, and how it ended (native/container/journal.h)
 *     restarts         how often it was run again since it was started (the same)
 *     paused           the control group that stops it, as long as it is paused (runtime/limits/freezer.ts)
 *     control          a socket that answers as long as it is supervised (native/container/control.h)
 *
 * Its layers are kept as long as it is there (builder/space/needs.ts).
 */
export interface ContainerRecord {
  readonly id: string;
  readonly name: string;
  /** As it was asked for. */
  readonly image: string;
  readonly imageId?: Digest;
  readonly manifest?: Digest;
  readonly layers: readonly DiffId[];
  /** Below snapshots/, bottom first. */
  readonly snapshots: readonly string[];
  /** RFC 3339. */
  readonly created: string;
  readonly argv: readonly string[];
  /** The image's config with what the command line said in its place: what a commit begins with. */
  readonly config: RunConfig;
  readonly hostname: string;
  readonly tty: boolean;
  /** Standard input is open. */
  readonly stdin: boolean;
  /** It goes when it ends. */
  readonly remove: boolean;
  /** It is run again when it ends. */
  readonly restart?: RestartPolicy;
  readonly stopSignal: number;
  /** Seconds between that and SIGKILL. */
  readonly stopTimeout: number;
  /** As `ps` shows them. */
  readonly ports: readonly string[];
  /** Its network, by name. */
  readonly network: string;
  /** HOST:CONTAINER[:ro]. */
  readonly volumes: readonly string[];
  /** Absolute paths in it that something is mounted on. */
  readonly mounts: readonly string[];
  /** The session that made it: one that was never started ends with it. */
  readonly session: string;
  readonly process?: ProcessSettings;
  readonly started?: Started;
}

/** What a container was asked for: kept beside its record, for `start`. */
export type ContainerRequest = Omit<RunOptions, "io" | "signal" | "emit" | "onCreated">;

/** How its processes run, further ones too. */
export interface ProcessSettings {
  /** Home directory of its user. */
  readonly home: string;
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly capabilities: readonly number[];
  readonly noNewPrivileges: boolean;
  readonly limits: readonly ResourceLimit[];
  readonly cgroups: readonly string[];
}

/** Its first process. A pid alone says nothing: `start` as in proc_pid_stat(5). */
export interface Started {
  readonly pid: number;
  readonly start: number;
  readonly supervisor: number;
  /** RFC 3339. */
  readonly time: string;
  readonly boot: string;
}

/** How a container ended. */
export interface Ending {
  readonly code: number;
  readonly outOfMemory: boolean;
  /** RFC 3339. */
  readonly time: string;
  /** Why its command could not be started, or ended without its doing. */
  readonly message: string;
}

export type ContainerState =
  | { readonly status: "created" }
  | { readonly status: "running"; readonly started: Started; readonly paused?: true }
  /** It ended, and is run again after a while. */
  | { readonly status: "restarting"; readonly started: Started; readonly ending: Ending }
  | { readonly status: "exited"; readonly started?: Started; readonly ending: Ending }
  /** Its record cannot be read. */
  | { readonly status: "dead" };

/** A container as it is now. */
export interface Container {
  readonly record: ContainerRecord;
  readonly state: ContainerState;
  /** How often it was run again since it was started; not given: never. */
  readonly restarts?: number;
  /** Absolute path of its directory. */
  readonly directory: string;
}

export interface LogOptions {
  /** Goes on until it ends. */
  readonly follow: boolean;
  /** Only the last lines; undefined: all. */
  readonly tail?: number | undefined;
  /** Milliseconds since 1970. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  readonly signal: AbortSignal;
  /** What one of its streams said in one go, and when: nanoseconds since 1970. */
  onOutput(stream: "stdout" | "stderr", data: Buffer, time: bigint): void;
}

/** A further process of a container that runs: `tsbuild exec`. */
export interface ExecOptions {
  readonly command: readonly string[];
  /** KEY=VALUE */
  readonly env: readonly string[];
  readonly user?: string;
  readonly workdir?: string;
  readonly interactive: boolean;
  readonly tty: boolean;
  readonly detach: boolean;
  readonly io: ContainerIo;
  readonly signal: AbortSignal;
}

/** How a container is asked to end; its own settings where nothing is given. */
export interface StopOptions {
  /** Before it is killed; -1: never. --time */
  readonly seconds?: number;
  /** --signal */
  readonly signal?: number;
}

/** `tsbuild start`. */
export interface StartOptions {
  /** Stays with it until it ends. --attach */
  readonly attach: boolean;
  readonly io: ContainerIo;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** `tsbuild attach`: with `io.stdin` what is typed is passed on to a container that was made with -i. */
export interface AttachOptions {
  readonly io: ContainerIo;
  /** Leaves it alone again. */
  readonly signal: AbortSignal;
}

/** What `tsbuild commit` makes of a container. */
export interface CommitOptions {
  /** None: the image has an id alone. */
  readonly name?: string;
  /** Instructions of a Dockerfile that change the config. --change */
  readonly changes: readonly string[];
  /** --message */
  readonly message?: string;
  /** --author */
  readonly author?: string;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/** A process of a container that runs, as this machine sees it. */
export interface ContainerProcess {
  readonly pid: number;
  readonly parent: number;
  readonly uid: number;
  /** Milliseconds since 1970. */
  readonly started: number;
  /** Time of processors that it took. */
  readonly seconds: number;
  /** "pts/0"; "?" for none. */
  readonly terminal: string;
  readonly command: string;
}

/** Something in a container's root filesystem that is not as the image has it. */
export interface ContainerChange {
  readonly kind: "added" | "changed" | "deleted";
  /** Relative to the root. */
  readonly path: Bytes;
}

/** One end of `tsbuild cp`. */
export type CopyEnd =
  | { readonly kind: "container"; readonly container: string; readonly path: string }
  | { readonly kind: "host"; readonly path: string }
  /** A tar: standard input or output. */
  | { readonly kind: "tar" };

/** How files are copied in or out. */
export interface CopyFilesOptions {
  /** A symlink that is named itself is followed. --follow-link */
  readonly follow: boolean;
  /** Owners are kept; else files are root's in a container, and the caller's on this machine. --archive */
  readonly archive: boolean;
  /** Tars come and go here. */
  readonly input: () => AsyncIterable<Uint8Array>;
  readonly output: (chunk: Uint8Array) => void;
  readonly signal: AbortSignal;
}

/** The containers of the store. Each is named by its name, its id, or the beginning of its id. */
export interface Containers {
  /** Newest first. */
  list(): Promise<readonly Container[]>;
  find(reference: string): Promise<Container>;
  logs(reference: string, options: LogOptions): Promise<void>;
  stop(reference: string, options?: StopOptions): Promise<void>;
  kill(reference: string, signal: number): Promise<void>;
  /** Runs one that ended once more; resolves with 0, or with its exit code where it is attached. */
  start(reference: string, options: StartOptions): Promise<number>;
  /** Shows what one that runs says from now on; resolves with its exit code. */
  attach(reference: string, options: AttachOptions): Promise<number>;
  /** Resolves with the exit code when it has ended. */
  wait(reference: string): Promise<number>;
  remove(reference: string, force: boolean): Promise<void>;
  /** Resolves with the exit code of the process. */
  exec(reference: string, options: ExecOptions): Promise<number>;
  /** Makes an image of what it wrote; resolves with its id. */
  commit(reference: string, options: CommitOptions): Promise<Digest>;
  rename(reference: string, name: string): Promise<void>;
  /** Stops all of its processes where they are. */
  pause(reference: string): Promise<void>;
  /** Lets them go on. */
  unpause(reference: string): Promise<void>;
  /** What runs in one that runs. */
  processes(reference: string): Promise<readonly ContainerProcess[]>;
  /** What it wrote, over its image; by path. */
  changes(reference: string): Promise<readonly ContainerChange[]>;
  /** Copies files between a container, which need not run, and this machine or a tar. */
  copy(from: CopyEnd, to: CopyEnd, options: CopyFilesOptions): Promise<void>;
}
