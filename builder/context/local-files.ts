import { constants, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { toFsPath, type Bytes } from "../core/bytes.ts";
import { EMPTY_DIGEST, type Digest } from "../core/digest.ts";
import type { Content, Entry, EntryType, FileWatch, Tree } from "../core/entry.ts";
import { errnoOf } from "../core/errors.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { FileReader, type HashedFile, missing, unreadable } from "./files.ts";
import { type FileToHash, hashFiles } from "./hash-files.ts";
import type { HashIndex } from "./hash-index.ts";
import { StatTable } from "./stat-table.ts";

/** Rows of the table: of what was not looked at yet, and of what is not there. */
const UNSEEN = -2;
const ABSENT = -1;

/** A directory, and where what was seen in it stands in the table. */
interface Place {
  readonly path: Bytes;
  /** Sorted; undefined before somebody asks for the list. */
  names: readonly Bytes[] | undefined;
  /** One for each name. */
  rows: Int32Array;
  /** What was asked for by name before there was a list. */
  readonly singles: Map<Bytes, number>;
  /** Where in `names` the next question is expected: files are asked about in their order. */
  next: number;
}

/**
 * A directory of this machine as a tree, every file as it is. Each path is looked at once, so that a build sees one state
 * of it. Extended attributes are not shown: Node has no call for them, so security.capability of a context's file is lost.
 */
export class LocalFiles implements Tree {
  readonly #directory: Bytes;
  readonly #reader: FileReader;
  readonly #index: HashIndex | undefined;
  readonly #table = new StatTable();
  readonly #places = new Map<Bytes, Place | undefined>();
  readonly #digests: (Digest | undefined)[] = [];
  /** Rows of files that were read, here or by somebody to whom they were given: they may have changed since they were seen. */
  readonly #suspect: boolean[] = [];
  readonly #targets = new Map<number, Bytes>();
  #root: number | undefined;
  /** The directory that was asked about last: the files of one come together. */
  #last: Place | undefined;
  #disturbed = false;

  constructor(directory: Bytes, index: HashIndex | undefined) {
    this.#directory = directory;
    this.#reader = new FileReader(directory);
    this.#index = index;
  }

  stat(path: Bytes): Entry | undefined {
    const row = this.#row(path);
    return row === ABSENT ? undefined : this.#entry(path, row);
  }

  list(path: Bytes): readonly Bytes[] {
    const place = this.#place(path);
    if (place === undefined) return [];
    if (place.names !== undefined) return place.names;
    try {
      const names = readdirSync(this.#host(path), { encoding: "latin1" }).sort() as Bytes[];
      place.rows = new Int32Array(names.length).fill(UNSEEN);
      place.names = names;
      return names;
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  hash(path: Bytes): Digest {
    const row = this.#row(path);
    if (row === ABSENT) throw missing(path);
    return (this.#digests[row] ??= this.#knownDigest(path, row) ?? this.#read(path, row));
  }

  async prehash(paths: readonly Bytes[]): Promise<void> {
    const unknown: FileToHash[] = [];
    for (const path of paths) {
      const row = this.#row(path);
      if (row === ABSENT || this.#digests[row] !== undefined) continue;
      const digest = this.#knownDigest(path, row);
      if (digest === undefined) unknown.push({ path, size: this.#table.size(row) });
      else this.#digests[row] = digest;
    }
    await hashFiles(this.#directory, this.#reader, unknown, ({ path }, hashed, readAt) => {
      const row = this.#row(path);
      this.#digests[row] = this.#remember(path, row, readAt, hashed);
    });
  }

  content(path: Bytes): Content {
    const row = this.#row(path);
    if (row === ABSENT) throw missing(path);
    if (this.#isSocket(row)) return { kind: "bytes", data: new Uint8Array() };
    this.#suspect[row] = true;
    return {
      kind: "file",
      path: `${this.#directory}/${path}` as Bytes,
      digest: this.#digests[row],
      watch: this.#watch,
      id: row,
    };
  }

  readonly #watch: FileWatch = {
    checked: (row, now) => {
      if (now === undefined || this.#table.isSame(row, now)) this.#suspect[row] = false;
    },
    learned: (row, path, digest, since) => {
      // `changed` says so.
      if (this.#suspect[row] !== false) return;
      this.#digests[row] = digest;
      const name = path.slice(this.#directory.length + 1) as Bytes;
      this.#index?.put(name, this.#table.stamp(row), digest, since);
    },
  };

  linkId(path: Bytes): string | undefined {
    const row = this.#row(path);
    if (row === ABSENT || this.#table.links(row) < 2 || typeOf(this.#table.mode(row)) !== "file")
      return undefined;
    return `${this.#table.device(row)}:${this.#table.stamp(row).ino}`;
  }

  read(path: Bytes, limit: number): Buffer {
    return this.#reader.read(path, limit);
  }

  /** Numbers that are others when what is at a path has changed; undefined where nothing is. */
  identity(path: Bytes): Float64Array | undefined {
    const row = this.#row(path);
    return row === ABSENT ? undefined : this.#table.identity(row);
  }

  /** Whether a file was seen to change between being looked at and being read. */
  get disturbed(): boolean {
    return this.#disturbed;
  }

  /** The first file, of those that were read, that is not as it was any more. */
  changed(): Bytes | undefined {
    for (const place of this.#places.values()) {
      if (place === undefined) continue;
      const { path, names = [], rows, singles } = place;
      for (let at = 0; at < names.length; at++)
        if (this.#hasChanged(path, names[at], rows[at])) return joinPath(path, names[at] ?? ("" as Bytes));
      for (const [name, row] of singles) if (this.#hasChanged(path, name, row)) return joinPath(path, name);
    }
    return undefined;
  }

  #hasChanged(directory: Bytes, name = "" as Bytes, row = UNSEEN): boolean {
    if (row < 0 || this.#suspect[row] !== true) return false;
    const now = lstatSync(this.#host(joinPath(directory, name)), { throwIfNoEntry: false });
    return now === undefined || !this.#table.isSame(row, now);
  }

  /** A socket is shown as an empty file and has nothing to open. */
  #knownDigest(path: Bytes, row: number): Digest | undefined {
    return this.#isSocket(row) ? EMPTY_DIGEST : this.#index?.get(path, this.#table.stamp(row));
  }

  #read(path: Bytes, row: number): Digest {
    const readAt = Date.now();
    return this.#remember(path, row, readAt, this.#reader.hash(path));
  }

  #remember(path: Bytes, row: number, readAt: number, { digest, stats }: HashedFile): Digest {
    this.#suspect[row] = true;
    if (this.#table.isSame(row, stats)) this.#index?.put(path, this.#table.stamp(row), digest, readAt);
    else this.#disturbed = true;
    return digest;
  }

  #isSocket(row: number): boolean {
    return (this.#table.mode(row) & constants.S_IFMT) === constants.S_IFSOCK;
  }

  #row(path: Bytes): number {
    if (path === "") return (this.#root ??= this.#look(path));
    const place = this.#place(parentOf(path));
    // lstat follows every component but the last: a path below a symlink is no path of this tree.
    if (place === undefined) return ABSENT;
    const name = baseOf(path);
    const single = place.singles.size === 0 ? undefined : place.singles.get(name);
    if (single !== undefined) return single;
    if (place.names === undefined) {
      const row = this.#look(path);
      place.singles.set(name, row);
      return row;
    }
    const at = positionOf(place, place.names, name);
    if (at === undefined) return ABSENT;
    if (place.rows[at] === UNSEEN) place.rows[at] = this.#look(path);
    return place.rows[at] ?? ABSENT;
  }

  /** A path as a directory; undefined where it is none. */
  #place(path: Bytes): Place | undefined {
    if (this.#last?.path === path) return this.#last;
    let place = this.#places.get(path);
    if (place === undefined && !this.#places.has(path)) {
      const row = this.#row(path);
      if (row !== ABSENT && typeOf(this.#table.mode(row)) === "directory")
        place = { path, names: undefined, rows: new Int32Array(), singles: new Map(), next: 0 };
      this.#places.set(path, place);
    }
    if (place !== undefined) this.#last = place;
    return place;
  }

  #look(path: Bytes): number {
    if (path.includes("\0")) return ABSENT;
    try {
      // The root may be a symlink itself: the user named it.
      const host = path === "" ? this.#host("." as Bytes) : this.#host(path);
      const stats = lstatSync(host, { throwIfNoEntry: false });
      return stats === undefined ? ABSENT : this.#table.add(stats);
    } catch (cause) {
      // A name that no file can have; a path that is too long for one call is another matter.
      if (errnoOf(cause) === "ENAMETOOLONG" && baseOf(path).length > 255) return ABSENT;
      throw unreadable(path, cause);
    }
  }

  #entry(path: Bytes, row: number): Entry {
    const type = typeOf(this.#table.mode(row));
    const mode = this.#table.mode(row) & 0o7777;
    const mtime = Math.floor(this.#table.mtimeMs(row) / 1000);
    const size = type === "file" ? this.#table.size(row) : 0;
    const plain = { path, type, mode, uid: 0, gid: 0, size, mtime };
    if (type === "file" || type === "directory" || type === "fifo") return plain;
    if (type === "symlink") return { ...plain, link: this.#target(path, row) };
    return { ...plain, ...deviceNumbers(this.#table.special(row)) };
  }

  #target(path: Bytes, row: number): Bytes {
    const known = this.#targets.get(row);
    if (known !== undefined) return known;
    const target = readlinkSync(this.#host(path), { encoding: "latin1" }) as Bytes;
    this.#targets.set(row, target);
    return target;
  }

  #host(path: Bytes): string | Buffer {
    return toFsPath(`${this.#directory}/${path}`);
  }
}

function positionOf(place: Place, names: readonly Bytes[], name: Bytes): number | undefined {
  const { next } = place;
  if (names[next] === name) {
    place.next = next + 1;
    return next;
  }
  if (names[next - 1] === name) return next - 1;
  let low = 0;
  for (let high = names.length; low < high;) {
    const middle = (low + high) >>> 1;
    if ((names[middle] ?? "") < name) low = middle + 1;
    else high = middle;
  }
  if (names[low] !== name) return undefined;
  place.next = low + 1;
  return low;
}

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
