import type { Bytes } from "./bytes.ts";
import type { Digest } from "./digest.ts";

export type EntryType = "file" | "directory" | "symlink" | "hardlink" | "character" | "block" | "fifo";

/** A file as a layer records it: what `lstat` tells of it, less what would make layers differ from build to build. */
export interface Entry {
  /** Relative to the root, no leading or trailing slash; "" is the root itself and stands in no layer. */
  readonly path: Bytes;
  readonly type: EntryType;
  /** Permission, setuid, setgid and sticky bits: 0..0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of a regular file; 0 for everything else. */
  readonly size: number;
  /** Whole seconds since 1970; may be negative. */
  readonly mtime: number;
  /** symlink: the target as it is written; hardlink: the path, relative to the root, of a file that stands earlier. */
  readonly link?: Bytes;
  /** character and block devices. */
  readonly major?: number;
  readonly minor?: number;
  /** Extended attributes, name → value. A layer keeps `security.capability` alone, as BuildKit does. */
  readonly xattrs?: Readonly<Record<string, Bytes>>;
}

/** What tells that a file is unchanged. Changing its mode or owner changes the ctime. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

/** Where the bytes of a regular file lie. */
export type Content =
  | { readonly kind: "bytes"; readonly data: Uint8Array }
  /** A file of the host: the context's. `path` is for `toFsPath`. `digest`: of what it is to hold, where that is known. */
  | {
      readonly kind: "file";
      readonly path: Bytes;
      readonly digest?: Digest | undefined;
      readonly watch?: FileWatch;
      /** What the watch knows it by. */
      readonly id?: number;
    }
  /** A part of a file of the store: an uncompressed layer. */
  | { readonly kind: "range"; readonly path: string; readonly offset: number; readonly size: number };

/** Whoever wants to know of files that others read. */
export interface FileWatch {
  /** What fstat says when the bytes have been read; nothing where they were not needed. */
  checked(id: number, now: FileStamp | undefined): void;
  /** The digest of the bytes that were read, after `checked`; the reading began at the earliest at `since` (ms). */
  learned(id: number, path: Bytes, digest: Digest, since: number): void;
}

/**
 * A read-only file tree: a build context, or the union of layers. Synchronous, because async calls on small files cost
 * four times as much. No call follows a symlink: `resolve.ts` does, inside the tree.
 */
export interface Tree {
  /** The entry at a path whose parents are all real directories; "" gives the root; undefined where nothing is. */
  stat(path: Bytes): Entry | undefined;
  /** Names in a directory, sorted by bytes; empty where there is none. */
  list(path: Bytes): readonly Bytes[];
  /** sha256 of a regular file's bytes. */
  hash(path: Bytes): Digest;
  /** Makes `hash` of these files answer at once, without keeping the rest of the program waiting meanwhile. */
  prehash?(paths: readonly Bytes[]): Promise<void>;
  /** Where a regular file's bytes lie. */
  content(path: Bytes): Content;
  /**
   * For trees of a disk, where hard links are not entries of type "hardlink": equal for the names of one file, undefined
   * for a file with one name.
   */
  linkId?(path: Bytes): string | undefined;
}
