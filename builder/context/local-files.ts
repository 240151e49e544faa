import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { toFsPath, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry, EntryType, Tree } from "../core/entry.ts";
import { errnoOf } from "../core/errors.ts";
import { parentOf } from "../core/paths.ts";
import { FileReader, unreadable } from "./files.ts";
import type { HashIndex } from "./hash-index.ts";

interface Node {
  readonly entry: Entry;
  readonly stats: Stats;
}

/**
 * A directory of this machine as a tree, every file as it is. Each path is looked at once, so that a build sees one state
 * of it. Extended attributes are not shown: Node has no call for them, so security.capability of a context's file is lost.
 */
export class LocalFiles implements Tree {
  readonly #directory: Bytes;
  readonly #reader: FileReader;
  readonly #index: HashIndex | undefined;
  readonly #nodes = new Map<Bytes, Node | undefined>();
  readonly #hashes = new Map<Bytes, Digest>();

  constructor(directory: Bytes, index: HashIndex | undefined) {
    this.#directory = directory;
    this.#reader = new FileReader(directory);
    this.#index = index;
  }

  stat(path: Bytes): Entry | undefined {
    return this.#node(path)?.entry;
  }

  list(path: Bytes): readonly Bytes[] {
    if (this.stat(path)?.type !== "directory") return [];
    try {
      const names = readdirSync(this.#host(path), { encoding: "latin1" });
      return names.sort() as Bytes[];
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  hash(path: Bytes): Digest {
    const known = this.#hashes.get(path);
    if (known !== undefined) return known;
    const node = this.#node(path);
    // A socket is shown as an empty file and has nothing to open.
    const digest = node?.stats.isSocket() ? EMPTY : this.#hashFile(path, node);
    this.#hashes.set(path, digest);
    return digest;
  }

  content(path: Bytes): Content {
    if (this.#node(path)?.stats.isSocket()) return { kind: "bytes", data: new Uint8Array() };
    return { kind: "file", path: `${this.#directory}/${path}` as Bytes };
  }

  linkId(path: Bytes): string | undefined {
    const stats = this.#node(path)?.stats;
    return stats !== undefined && stats.nlink > 1 && stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  }

  read(path: Bytes, limit: number): Buffer {
    return this.#reader.read(path, limit);
  }

  /** The first file that is no longer what it was when its digest was taken. */
  changed(): Bytes | undefined {
    for (const path of this.#hashes.keys()) {
      const before = this.#nodes.get(path)?.stats;
      const now = lstatSync(this.#host(path), { throwIfNoEntry: false });
      if (before === undefined || now === undefined || !sameFile(before, now)) return path;
    }
    return undefined;
  }

  #hashFile(path: Bytes, node: Node | undefined): Digest {
    const known = node === undefined ? undefined : this.#index?.get(path, node.stats);
    if (known !== undefined) return known;
    const readAt = Date.now();
    const { digest, stats, settled } = this.#reader.hash(path);
    if (node !== undefined && settled && sameFile(stats, node.stats))
      this.#index?.put(path, stats, digest, readAt);
    return digest;
  }

  #node(path: Bytes): Node | undefined {
    if (this.#nodes.has(path)) return this.#nodes.get(path);
    const node = this.#look(path);
    this.#nodes.set(path, node);
    return node;
  }

  #look(path: Bytes): Node | undefined {
    if (path.includes("\0")) return undefined;
    // lstat follows every component but the last: a path below a symlink is no path of this tree.
    if (path !== "" && this.stat(parentOf(path))?.type !== "directory") return undefined;
    try {
      // The root may be a symlink itself: the user named it.
      const stats = lstatSync(path === "" ? this.#host("/." as Bytes) : this.#host(path), {
        throwIfNoEntry: false,
      });
      return stats === undefined ? undefined : { stats, entry: this.#entry(path, stats) };
    } catch (cause) {
      if (errnoOf(cause) === "ENAMETOOLONG") return undefined;
      throw unreadable(path, cause);
    }
  }

  #entry(path: Bytes, stats: Stats): Entry {
    const type = typeOf(stats);
    const device = type === "character" || type === "block";
    return {
      path,
      type,
      mode: stats.mode & 0o7777,
      uid: 0,
      gid: 0,
      size: stats.isFile() ? stats.size : 0,
      mtime: Math.floor(stats.mtimeMs / 1000),
      ...(type === "symlink"
        ? { link: readlinkSync(this.#host(path), { encoding: "latin1" }) as Bytes }
        : {}),
      ...(device ? deviceNumbers(stats.rdev) : {}),
    };
  }

  #host(path: Bytes): string | Buffer {
    return toFsPath(`${this.#directory}/${path}`);
  }
}

const EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" as Digest;

function sameFile(a: Stats, b: Stats): boolean {
  return a.size === b.size && a.mtimeMs === b.mtimeMs && a.ctimeMs === b.ctimeMs && a.ino === b.ino;
}

function typeOf(stats: Stats): EntryType {
  if (stats.isDirectory()) return "directory";
  if (stats.isSymbolicLink()) return "symlink";
  if (stats.isFIFO()) return "fifo";
  if (stats.isCharacterDevice()) return "character";
  if (stats.isBlockDevice()) return "block";
  // BuildKit, too, copies a socket as an empty file.
  return "file";
}

/** As glibc's gnu_dev_major and gnu_dev_minor take a dev_t apart. */
function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  const low = rdev % 2 ** 32;
  return {
    major: ((low >>> 8) & 0xfff) + Math.floor(rdev / 2 ** 44) * 2 ** 12,
    minor: (low & 0xff) + ((low >>> 20) << 8),
  };
}
