import type { Bytes } from "../core/bytes.ts";
import type { Digest, DiffId } from "../core/digest.ts";

/**
 * The store: an OCI image layout (oci-layout, index.json, blobs/) and beside it what a builder needs.
 *
 *     blobs/sha256/<hex>      content-addressed: configs, manifests, layers
 *     index.json oci-layout   written from refs/, for other tools
 *     refs/<encoded name>     JSON descriptor of the image with that name
 *     layers/<hex of DiffID>  JSON LayerRecord: which faces of a layer are here
 *     indexes/<hex>           a layer's index
 *     snapshots/<id>/         unpacked layers
 *     records/<hex of key>    cache records
 *     context/                context indexes
 *     copies/<hex>            DiffID of the layer that a COPY made last and that was unpacked
 *     contents/<hex>          what a content digest in a record's inputs was taken of (context/content-list.ts); needed
 *                             by no build, only to say what changed
 *     mounts/<hex of id>/     RUN --mount=type=cache, a directory for each slot
 *     journal/                what was built where last, for `explain`
 *     logs/<hex of vertex id> what a step wrote when it ran last
 *     plans/ code/            remembered plans; V8's code of the command
 *     sources/                what URLs and repositories gave: records that name blobs
 *     containers/             what `run` left
 *     failed/                 root filesystem of the step that failed last, for `shell`
 *     space/                  bytes in use as far as is known; which records were removed, and when (builder/space)
 *     locks/<lock>.<number>   who has a lock and who waits for it (locks.ts)
 *     unsynced/<session>      empty: what that session wrote may be lost in a power cut (durability.ts)
 *     tmp/<session>/          half-made things: removed when the process that owns them is gone
 *
 * Everything is written to tmp/ and renamed, so that a crash at any moment leaves the store valid.
 */
export interface Store {
  readonly root: string;
  readonly blobs: BlobStore;
  readonly refs: RefStore;
  readonly layers: LayerRecords;
  readonly locks: Locks;
  /** A new path in this process's session directory of tmp/. */
  tempPath(label: string): string;
  /** Absolute path of a file or folder of the store; its folder exists. */
  path(...parts: readonly string[]): string;
  /**
   * Says that a file is used now, as its time: what this session touched since it began is kept by every other process
   * until it ends (builder/space). False where it is not there. To be called before anything is read of what it stands for.
   */
  touch(path: string): boolean;
  /** Bytes that this session added so far, but for snapshots. */
  written(): number;
  /** Since when each other session that lives is known (ms): all that was touched since then may be in use. */
  livingSince(): Promise<readonly number[]>;
  /** Writes a file whole or not at all (tmp + rename). */
  writeFile(path: string, data: string | Uint8Array): void;
  /**
   * The same for what is remembered to save time, and says itself whether it is whole: nothing of it is lost with the power,
   * so nobody is told of it, and no session begins. Where it cannot be written it is not remembered.
   */
  writeMemo(path: string, data: string): void;
  /** Makes what was written so far survive a power cut: with `syncfs` (the helper's) at once, else file by file. */
  sync(syncfs?: (directory: string) => Promise<void>): Promise<void>;
  /** Session directories whose process is gone, absolute: the caller removes them, as their files may be anybody's. */
  sweepSessions(): Promise<readonly string[]>;
  /**
   * Removes this process's session directory, as far as it may; or `handOver` does what is more than a moment's work,
   * unless it says no. Makes nothing durable: `sync` does.
   */
  close(handOver?: (directory: string) => Promise<boolean>): Promise<void>;
}

/** Locks between all processes that use the store; what a process held is free when it is dead, however it died. */
export interface Locks {
  /** Waits until the lock is free and takes it, in the order of coming. */
  acquire(name: string, options?: LockOptions): Promise<Lock>;
  /** The lock, or undefined where somebody has it. */
  tryAcquire(name: string): Promise<Lock | undefined>;
  /** A part in the lock, beside others who have one, and without waiting: who takes the lock after that waits. */
  share(name: string): Promise<Lock>;
}

export interface LockOptions {
  /** Gives up waiting when it is aborted: rejects with its reason. */
  readonly signal?: AbortSignal;
  /** Called once, if somebody else has the lock. */
  readonly onWait?: () => void;
}

/** A lock that is held; disposing lets it go. */
export type Lock = Disposable;

export interface BlobStore {
  /** Path of a blob, whether it is there or not. */
  path(digest: Digest): string;
  has(digest: Digest): boolean;
  /** `has`, and keeps it here until this session ends. */
  use(digest: Digest): boolean;
  size(digest: Digest): number | undefined;
  /** The bytes, checked against the digest: for manifests and configs, not for layers. */
  read(digest: Digest): Buffer;
  /** Stores bytes; returns their digest. */
  put(data: Uint8Array): Digest;
  /** Opens a blob to be written in pieces, hashed on the way. */
  create(): BlobWriter;
  /** The same for one that comes from elsewhere: whoever brings it vouches for the digest before it is committed. */
  receive(digest: Digest): IncomingBlob;
  /** Moves a file of `tempPath` in place, whose digest was taken when it was written. */
  adopt(path: string, digest: Digest): void;
  /** The same beside this thread, where it is worth it: for a blob of `size` bytes. Undefined where it is not. */
  createAside(size: number): Promise<AsideBlobWriter | undefined>;
  delete(digest: Digest): boolean;
}

/** Writes and hashes in the second thread; disposing without a commit discards it. */
export interface AsideBlobWriter extends AsyncDisposable {
  /**
   * Is done with the chunk when it returns. To be followed by `drain` every few megabytes. `files`: contents of files in the
   * chunk, of at most a mebibyte then (`FileSpans`), whose digests are wanted.
   */
  write(chunk: Uint8Array, files?: Int32Array): void;
  /** A mebibyte to be filled from its beginning: written next it is not copied. After each `write` it is another. */
  memory(): Buffer;
  /** Writes bytes of another file; its descriptor stays open until the writer is disposed of. */
  copy(from: number, offset: number, size: number): void;
  /** Waits until little is left to be written, or throws what went wrong. */
  drain(): Promise<void>;
  /** The file that it writes to, until it is moved in place. */
  readonly path: string;
  /** So many bytes are in the file, of those that stand in front of the first that were copied. */
  written(): number;
  /** The digests of those files, in order, when all was written. */
  fileDigests(): Promise<readonly Digest[]>;
  /** Moves it in place. */
  commit(): Promise<{ readonly digest: Digest; readonly size: number }>;
  /** Ends it without that: a file in the session's directory, for `BlobStore.adopt`. */
  finish(): Promise<{ readonly digest: Digest; readonly size: number; readonly path: string }>;
}

/** Synchronous, as the sources are files in the page cache; `[Symbol.dispose]` without a commit discards it. */
export interface BlobWriter extends Disposable {
  write(chunk: Uint8Array): void;
  readonly size: number;
  /** Moves it in place; with `expected`, only if the bytes have that digest (else DIGEST_MISMATCH). */
  commit(expected?: Digest): { readonly digest: Digest; readonly size: number };
}

/** A blob that arrives; disposing without a commit discards it. */
export interface IncomingBlob extends Disposable {
  write(chunk: Uint8Array): void;
  readonly size: number;
  /** Moves it in place. */
  commit(): void;
  /**
   * What arrived and what will, from the beginning, as `readPieces` gives it: nobody vouches for it before the blob is
   * committed. Rejects where that does not come to be.
   */
  arriving(): AsyncIterable<Uint8Array>;
}

/**
 * Names of images: a normalised reference with tag (`docker.io/library/app:latest`) → what it points to. An image without
 * a name stands under its own digest, until it gets one.
 */
export interface RefStore {
  get(name: string): RefTarget | undefined;
  /** Writes nothing where the name has that target already, whatever its time. */
  set(name: string, target: RefTarget): void;
  delete(name: string): boolean;
  list(): readonly { readonly name: string; readonly target: RefTarget }[];
}

export interface RefTarget {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  /** Milliseconds since 1970 of the tagging. */
  readonly time: number;
  /** "built" here or "pulled" from a registry. */
  readonly origin: "built" | "pulled";
  /** Manifests of what refers to the image: statements of how it was made, and of what is in it. */
  readonly referrers?: readonly Digest[];
}

/** Which faces of a layer the store holds. */
export interface LayerRecord {
  readonly diffId: DiffId;
  /** The uncompressed tar, where it is here: its size. Its digest is the DiffID. */
  readonly size?: number;
  /** Name below snapshots/, where it is unpacked. */
  readonly snapshot?: string;
  /** Where that has only what is not as in another layer's snapshot: this layer. Both are needed, one over the other. */
  readonly on?: DiffId;
  /** Where layers below must then have nothing: such a snapshot can take something away from all that it lies upon alone. */
  readonly hides?: readonly Bytes[];
  /** Compressed forms that are known: pulled or pushed before. Their blobs need not be here. */
  readonly compressed: readonly {
    readonly mediaType: string;
    readonly digest: Digest;
    readonly size: number;
    /** What it was compressed with here; undefined where it was pulled. */
    readonly level?: number;
  }[];
}

export interface LayerRecords {
  /** What is known of a layer; from now on it is in use by this session. */
  get(diffId: DiffId): LayerRecord | undefined;
  /** The same for those who only look. */
  peek(diffId: DiffId): LayerRecord | undefined;
  /** Ends the use: it is to be removed. */
  forget(diffId: DiffId): void;
  /** Adds to what is known. */
  update(diffId: DiffId, change: Partial<Omit<LayerRecord, "diffId">>): LayerRecord;
}
