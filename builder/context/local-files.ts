import { constants, lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { toFsPath, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry, EntryType, Tree } from "../core/entry.ts";
import { errnoOf } from "../core/errors.ts";
import { baseOf, parentOf } from "../core/paths.ts";
import { FileReader, type HashedFile, missing, unreadable } from "./files.ts";
import { sameStamp, type FileStamp, type HashIndex } from "./hash-index.ts";

/** What is kept of a path. Node's Stats has four Dates: 20,000 of them cost more than the calls that made them. */
interface Node extends FileStamp {
  readonly entry: Entry;
  readonly dev: number;
  readonly nlink: number;
  readonly isSocket: boolean;
  digest: Digest | undefined;
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
  readonly #names = new Map<Bytes, readonly Bytes[]>();
  /** The directory that was asked about last: the files of one come together. */
  #parent: { readonly path: Bytes; readonly isDirectory: boolean } | undefined;

  constructor(directory: Bytes, index: HashIndex | undefined) {
    this.#directory = directory;
    this.#reader = new FileReader(directory);
    this.#index = index;
  }

  stat(path: Bytes): Entry | undefined {
    return this.#node(path)?.entry;
  }

  list(path: Bytes): readonly Bytes[] {
    const known = this.#names.get(path);
    if (known !== undefined) return known;
    if (this.stat(path)?.type !== "directory") return [];
    try {
      const names = readdirSync(this.#host(path), { encoding: "latin1" }).sort() as Bytes[];
      this.#names.set(path, names);
      return names;
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  hash(path: Bytes): Digest {
    const node = this.#node(path);
    if (node === undefined) throw missing(path);
    // A socket is shown as an empty file and has nothing to open.
    node.digest ??= node.isSocket
      ? EMPTY
      : (this.#index?.get(path, node) ?? this.#remember(path, node, Date.now(), this.#reader.hash(path)));
    return node.digest;
  }

  async prehash(path: Bytes): Promise<void> {
    const node = this.#node(path);
    if (node === undefined || node.isSocket || node.digest !== undefined) return;
    node.digest = this.#index?.get(path, node);
    node.digest ??= this.#remember(path, node, Date.now(), await this.#reader.hashSlowly(path));
  }

  content(path: Bytes): Content {
    if (this.#node(path)?.isSocket === true) return { kind: "bytes", data: new Uint8Array() };
    return { kind: "file", path: `${this.#directory}/${path}` as Bytes };
  }

  linkId(path: Bytes): string | undefined {
    const node = this.#node(path);
    if (node === undefined || node.nlink < 2 || node.entry.type !== "file") return undefined;
    return `${node.dev}:${node.ino}`;
  }

  read(path: Bytes, limit: number): Buffer {
    return this.#reader.read(path, limit);
  }

  /** The first file that is no longer what it was when its digest was taken. */
  changed(): Bytes | undefined {
    for (const [path, node] of this.#nodes) {
      if (node?.digest === undefined) continue;
      const now = lstatSync(this.#host(path), { throwIfNoEntry: false });
      if (now === undefined || !sameStamp(node, now)) return path;
    }
    return undefined;
  }

  #remember(path: Bytes, node: Node, readAt: number, { digest, stats }: HashedFile): Digest {
    if (sameStamp(stats, node)) this.#index?.put(path, node, digest, readAt);
    return digest;
  }

  #node(path: Bytes): Node | undefined {
    const known = this.#nodes.get(path);
    if (known !== undefined || this.#nodes.has(path)) return known;
    const node = this.#look(path);
    this.#nodes.set(path, node);
    return node;
  }

  #isDirectory(path: Bytes): boolean {
    if (this.#parent?.path !== path)
      this.#parent = { path, isDirectory: this.stat(path)?.type === "directory" };
    return this.#parent.isDirectory;
  }

  #look(path: Bytes): Node | undefined {
    if (path.includes("\0")) return undefined;
    // lstat follows every component but the last: a path below a symlink is no path of this tree.
    if (path !== "" && !this.#isDirectory(parentOf(path))) return undefined;
    try {
      // The root may be a symlink itself: the user named it.
      const host = path === "" ? this.#host("." as Bytes) : this.#host(path);
      const stats = lstatSync(host, { throwIfNoEntry: false });
      return stats === undefined ? undefined : this.#describe(path, stats);
    } catch (cause) {
      // A name that no file can have; a path that is too long for one call is another matter.
      if (errnoOf(cause) === "ENAMETOOLONG" && baseOf(path).length > 255) return undefined;
      throw unreadable(path, cause);
    }
  }

  #describe(path: Bytes, stats: Stats): Node {
    const type = typeOf(stats.mode);
    const mode = stats.mode & 0o7777;
    const mtime = Math.floor(stats.mtimeMs / 1000);
    const size = type === "file" ? stats.size : 0;
    const plain = { path, type, mode, uid: 0, gid: 0, size, mtime };
    return {
      entry:
        type === "file" || type === "directory" ? plain : { ...plain, ...this.#special(path, type, stats) },
      size: stats.size,
      mtimeMs: stats.mtimeMs,
      ctimeMs: stats.ctimeMs,
      ino: stats.ino,
      dev: stats.dev,
      nlink: stats.nlink,
      isSocket: (stats.mode & constants.S_IFMT) === constants.S_IFSOCK,
      digest: undefined,
    };
  }

  #special(path: Bytes, type: EntryType, stats: Stats): Partial<Entry> {
    if (type === "symlink") return { link: readlinkSync(this.#host(path), { encoding: "latin1" }) as Bytes };
    return type === "fifo" ? {} : deviceNumbers(stats.rdev);
  }

  #host(path: Bytes): string | Buffer {
    return toFsPath(`${this.#directory}/${path}`);
  }
}

const EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" as Digest;

function typeOf(mode: number): EntryType {
  switch (mode & constants.S_IFMT) {
    case constants.S_IFDIR:
      return "directory";
    case constants.S_IFLNK:
      return "symlink";
    case constants.S_IFIFO:
      return "fifo";
    case constants.S_IFCHR:
      return "character";
    case constants.S_IFBLK:
      return "block";
    default:
      // BuildKit, too, copies a socket as an empty file.
      return "file";
  }
}

/** As glibc's gnu_dev_major and gnu_dev_minor take a dev_t apart. */
function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  const low = rdev % 2 ** 32;
  return {
    major: ((low >>> 8) & 0xfff) + Math.floor(rdev / 2 ** 44) * 2 ** 12,
    minor: (low & 0xff) + ((low >>> 20) << 8),
  };
}
