import type { Entry } from "../builder/core/entry.ts";
import type { Bytes } from "../builder/core/bytes.ts";

/**
 * The native helper as the rest of the program sees it: one process for a build, several commands at once. Each command
 * runs in a child of its own and makes its own mounts, in a mount namespace that ends with it: there is nothing to
 * unmount, whoever dies.
 */
export interface Helper extends AsyncDisposable {
  /** Runs a process in a root filesystem; resolves when it and all that it started have ended. */
  run(plan: RunPlan, io: RunIo, signal?: AbortSignal): Promise<RunExit>;
  /**
   * Starts a container that outlives this process; the helper stays with it. Resolves when it runs, or with its exit
   * where that came first. What it writes goes to `state` alone, if there is one. Nothing else can be asked of the helper
   * then. `onStart` is called before it is left alone: what that does is done, or the container is gone.
   */
  runDetached(
    plan: RunPlan,
    onStart: (running: StartedContainer) => void,
  ): Promise<StartedContainer | RunExit>;
  /** Makes a network namespace at `path`, a file to be made, which a program connects until it is disposed of. */
  connect(path: string, program: readonly string[], signal?: AbortSignal): Promise<NetworkLink>;
  /** What an upper directory changes over the lower ones, in the order of a layer, as a layer records it. */
  diff(request: DiffRequest, visit: EntryVisitor, signal?: AbortSignal): Promise<void>;
  /** Writes a layer's changes into a new directory, in overlay form. */
  apply(directory: string, signal?: AbortSignal): ApplyStream;
  /** Every entry of a root filesystem or directory, sorted, without contents. */
  list(root: RootSpec, visit: EntryVisitor, signal?: AbortSignal): Promise<void>;
  /** Copies the merged tree of `root` into a new plain directory: for places where no overlay can be mounted. */
  copy(root: RootSpec, directory: string, signal?: AbortSignal): Promise<void>;
  /** Removes whole directories, whoever owns what is in them. Symlinks are not followed. */
  remove(directories: readonly string[]): Promise<void>;
  /** Sends what is at a path, and all below it, under paths that begin with `name`; `visit.drain` is waited for. */
  fetch(source: FetchRequest, visit: FetchVisitor, signal?: AbortSignal): Promise<void>;
  /** What is at a path; undefined where nothing is. A symlink at its end is followed where that is asked for. */
  look(place: TransferPlace, follow: boolean): Promise<Entry | undefined>;
  /** Writes into a directory that is there. */
  put(place: TransferPlace, signal?: AbortSignal): ApplyStream;
  /** syncfs(2) of the filesystem that holds `directory`. */
  sync(directory: string): Promise<void>;
  /**
   * Leaves the helper to itself: it ends what it still does, removes these directories, and is gone, which nobody has to
   * wait for. False where it stays with a detached container, and removes nothing.
   */
  leave(directories: readonly string[]): Promise<boolean>;
}

/** A root filesystem to look at or to run in. */
export type RootSpec =
  /** Snapshots, bottom first, absolute paths. None: an empty directory. */
  | { readonly kind: "layers"; readonly lowers: readonly string[] }
  /** The same with an upper directory that takes the writes; `upper` and `work` exist or are made, side by side. */
  | {
      readonly kind: "overlay";
      readonly lowers: readonly string[];
      readonly upper: string;
      readonly work: string;
      /** What is written is to be kept whatever happens: fsync(2) is obeyed, which else does nothing. */
      readonly synced?: boolean;
    }
  /** A plain directory. */
  | { readonly kind: "directory"; readonly path: string };

/** A network namespace with a program that connects it. */
export interface NetworkLink extends AsyncDisposable {
  readonly path: string;
  /** Resolves when it is connected; rejects where the program cannot do that. */
  readonly connected: Promise<void>;
}

/** A container that runs. Process ids are the caller's. */
export interface StartedContainer {
  /** The container's first process. */
  readonly pid: number;
  /** The helper's process that watches it. */
  readonly supervisor: number;
}

/** A process of a container that runs: to start another one beside it. `start` as in proc_pid_stat(5). */
export interface RunningRoot {
  readonly kind: "container";
  readonly pid: number;
  readonly start: number;
}

/**
 * A whole tree that a step has to itself, entered by chroot(2) where no namespace can be made. What is mounted is put in
 * its place and taken out again, and a bind is moved there and back. `aside`: a directory to be made beside it; `epoch` as in
 * DiffRequest.
 */
export interface PlainRoot {
  readonly kind: "plain";
  readonly path: string;
  readonly aside: string;
  readonly epoch?: number | undefined;
}

export interface RunPlan {
  readonly root: RootSpec | RunningRoot | PlainRoot;
  readonly mounts: readonly MountSpec[];
  readonly argv: readonly string[];
  readonly env: readonly string[];
  /** Absolute, resolved in the root; made, owned by uid:gid, where it is missing. */
  readonly cwd: string;
  readonly uid: number;
  readonly gid: number;
  readonly groups: readonly number[];
  readonly hostname: string;
  readonly umask: number;
  /** Capability numbers kept (capabilities(7)): bounding, permitted, effective; never inheritable or ambient. */
  readonly capabilities: readonly number[];
  readonly noNewPrivileges: boolean;
  /** The root filesystem cannot be written to. */
  readonly readonlyRoot: boolean;
  /** "host" shares the caller's network, "none" has only a loopback device; else the path of a NetworkLink. */
  readonly network: "host" | "none" | { readonly path: string };
  /** A first process of our own reaps orphans and passes signals on; else the command itself is PID 1. */
  readonly init: boolean;
  readonly stdio: "pipes" | "terminal";
  /** Terminal size at the start. */
  readonly columns?: number;
  readonly rows?: number;
  /** A filter of system calls, as `runtime/seccomp` compiles it; none: every call may be made. */
  readonly seccomp?: Uint8Array | undefined;
  /** Limits of setrlimit(2), by number. */
  readonly limits?: readonly ResourceLimit[];
  /** Control groups, as directories of the host, that all of its processes are put into. */
  readonly cgroups?: readonly string[];
  /** A detached container's standard input stays open, though nobody writes to it: `run -d -i`. */
  readonly stdinOpen?: boolean;
  /** Directory for files `log` and `exit` (native/container/journal.h) and a socket `control` (native/container/control.h). */
  readonly state?: string;
  /** Users are but believed to be, and owners recorded: for a user namespace with a single id. */
  readonly recordOwners?: boolean;
  /** With that: `uid:gid:path` of what in the root has an owner that its snapshot cannot say; see specialOwners. */
  readonly owners?: readonly Bytes[] | undefined;
  /** The command is executed when this resolves; all else is done meanwhile. Where it rejects, so does `run`. */
  readonly ready?: Promise<void> | undefined;
  /** Nothing is executed: the root filesystem and its mounts are there, for `fetch` and `put`, until it is aborted. */
  readonly hold?: boolean;
  /** It is run again when it ended, `most` times (0: any number), in new namespaces each time. */
  readonly restart?: { readonly when: "on-failure" | "always"; readonly most: number } | undefined;
  /** For a detached container: `state` is removed when it ends. */
  readonly removeState?: boolean;
}

/** A limit of setrlimit(2); "unlimited" is Infinity. */
export interface ResourceLimit {
  readonly resource: number;
  readonly soft: number;
  readonly hard: number;
}

/** Mounted in order, after the root, before pivot_root; targets are resolved inside the root, made where missing. */
export type MountSpec =
  | { readonly type: "proc"; readonly target: string }
  | { readonly type: "sysfs"; readonly target: string; readonly writable?: boolean }
  | {
      readonly type: "tmpfs";
      readonly target: string;
      readonly mode: number;
      readonly size?: number;
      readonly flags: MountFlags;
    }
  | { readonly type: "mqueue"; readonly target: string }
  | { readonly type: "devpts"; readonly target: string }
  /** /dev as a container has it: tmpfs with the six devices, the fd links, pts, shm and mqueue. */
  | { readonly type: "dev"; readonly target: string; readonly shmSize: number }
  | { readonly type: "cgroup"; readonly target: string; readonly writable?: boolean }
  /** A file or directory of the host. */
  | {
      readonly type: "bind";
      readonly target: string;
      readonly source: string;
      /** What of `source` is bound, resolved as if that were a root: for trees that steps write to (cache mounts). */
      readonly subpath?: string;
      readonly flags: MountFlags;
      readonly recursive: boolean;
    }
  /** A file that exists only for the process, with these bytes: hosts, resolv.conf, a secret. */
  | {
      readonly type: "file";
      readonly target: string;
      readonly data: Uint8Array;
      readonly mode: number;
      readonly uid: number;
      readonly gid: number;
      readonly flags: MountFlags;
    }
  /**
   * A directory of another root filesystem. Writes, where not read-only, are thrown away; or kept in an upper directory,
   * and the directory is made where it is missing.
   */
  | {
      readonly type: "layers";
      readonly target: string;
      readonly lowers: readonly string[];
      readonly source: string;
      readonly kept?: { readonly upper: string; readonly work: string; readonly synced: boolean };
      readonly flags: MountFlags;
    }
  /** Hidden: an empty read-only directory or /dev/null over what is there; nothing where nothing is. */
  | { readonly type: "mask"; readonly target: string }
  /** What is there, read-only. */
  | { readonly type: "readonly"; readonly target: string };

export interface MountFlags {
  readonly readonly?: boolean;
  readonly nosuid?: boolean;
  readonly nodev?: boolean;
  readonly noexec?: boolean;
}

export interface RunIo {
  onOutput(stream: "stdout" | "stderr", data: Buffer): void;
  /** Bytes for the process's standard input; none: it is empty. */
  readonly stdin?: AsyncIterable<Uint8Array>;
  /** Called once, when the process runs: what can be done to it from outside. */
  onStart?(control: RunControl): void;
  /** Told of a read-only mount that was written to where nothing could keep the command from that: it is gone. */
  onWasted?(target: string): void;
  /** Told what a command that succeeded changed in a plain root, before its exit. */
  readonly changes?: EntryVisitor | undefined;
}

export interface RunControl extends StartedContainer {
  /** Sends a signal, by number, to the command. */
  signal(number: number): void;
  resize(columns: number, rows: number): void;
  /** Lets it go on by itself, as `runDetached` does: `run` resolves with `left`. */
  leave(): void;
}

/** How it ended. `code` is 128 + signal where a signal ended it, as a shell says. */
export interface RunExit {
  readonly code: number;
  readonly signal?: number;
  /** The command was not started: "not-found" (127), "not-executable" (126); `message` says what was missing. */
  readonly failure?: "not-found" | "not-executable";
  readonly message?: string;
  /** The kernel killed something in it for want of memory. */
  readonly outOfMemory: boolean;
  /** It has not ended: it was left to itself. */
  readonly left?: true;
}

/** A path in a container that runs, or of the host; symlinks lead where they lead in there. */
export interface TransferPlace {
  readonly root: RunningRoot | Extract<RootSpec, { kind: "directory" }>;
  readonly path: string;
}

export interface FetchRequest extends TransferPlace {
  /** "": a directory's content alone. */
  readonly name: string;
  readonly follow: boolean;
}

export interface FetchVisitor extends EntryVisitor {
  /** Resolves when more can be taken. */
  drain?(): Promise<void>;
}

export interface DiffRequest {
  readonly upper: string;
  readonly lowers: readonly string[];
  /** What the step left in the file `WORK.owners`, where only a single id exists. */
  readonly owners?: Uint8Array | undefined;
  /** SOURCE_DATE_EPOCH: a directory of which only the time differs, and both times are later than this, is unchanged. */
  readonly epoch?: number | undefined;
}

/** Called synchronously, in order: `entry`, then its bytes in pieces where it is a regular file. */
export interface EntryVisitor {
  entry(entry: Entry): void;
  data(chunk: Buffer): void;
  whiteout(path: Bytes): void;
  opaque(path: Bytes): void;
}

/**
 * Takes a layer's changes in their order. Calls only append to a buffer; wait for `drain()` from time to time. Parents
 * that a layer leaves out are made as 0755 of root.
 */
export interface ApplyStream {
  entry(entry: Entry): void;
  /** Bytes of the regular file that was put last. */
  data(chunk: Uint8Array): void;
  /** The bytes of the file that was put last lie in a file of the host: the helper copies them itself. */
  range(path: string, offset: number, size: number): void;
  whiteout(path: Bytes): void;
  opaque(path: Bytes): void;
  /** Resolves when the helper has taken enough that the buffer is small again. */
  drain(): Promise<void>;
  /** Resolves when everything is in place; rejects with what went wrong. */
  end(): Promise<void>;
  /** Gives up: the directory is left for `remove`. */
  abort(): Promise<void>;
}
