import { constants, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { toFsPath, type Bytes } from "../core/bytes.ts";
import type { Entry, EntryType } from "../core/entry.ts";
import { errnoOf } from "../core/errors.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { unreadable } from "./files.ts";
import { StatTable } from "./stat-table.ts";

/** Row of what is not there. */
export const ABSENT = -1;
/** Row of what was not looked at yet. */
const UNSEEN = -2;

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

/** What lstat says of what is in a directory of this machine. Each path is looked at once, so that a build sees one state of it. */
export class LocalStats {
  /** In rows, which `row` gives the numbers of. */
  readonly table = new StatTable();
  readonly #directory: Bytes;
  readonly #places = new Map<Bytes, Place | undefined>();
  readonly #targets = new Map<number, Bytes>();
  #root: number | undefined;
  /** The directory that was asked about last: the files of one come together. */
  #last: Place | undefined;

  constructor(directory: Bytes) {
    this.#directory = directory;
  }

  /** Names in a directory, sorted; none where there is no directory. */
  list(path: Bytes): readonly Bytes[] {
    const place = this.#place(path);
    if (place === undefined) return [];
    if (place.names !== undefined) return place.names;
    try {
      const names = readdirSync(this.host(path), { encoding: "latin1" }).sort() as Bytes[];
      place.rows = new Int32Array(names.length).fill(UNSEEN);
      place.names = names;
      return names;
    } catch (cause) {
      throw unreadable(path, cause);
    }
  }

  /** The row of a path, or ABSENT. */
  row(path: Bytes): number {
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

  /** Everything below a directory that `shows`, a directory before what is in it. */
  walk(
    directory: Bytes,
    shows: (path: Bytes) => boolean,
    visit: (relative: Bytes, row: number) => void,
  ): void {
    const enter = (path: Bytes, relative: Bytes): void => {
      const names = this.list(path);
      const place = this.#place(path);
      for (const [at, name] of names.entries()) {
        const inside = joinPath(path, name);
        if (place === undefined || !shows(inside)) continue;
        let row = place.rows[at] ?? ABSENT;
        if (row === UNSEEN) row = place.rows[at] = place.singles.get(name) ?? this.#look(inside);
        if (row === ABSENT) continue;
        const below = joinPath(relative, name);
        visit(below, row);
        if (this.isDirectory(row)) enter(inside, below);
      }
    };
    enter(directory, "" as Bytes);
  }

  isDirectory(row: number): boolean {
    return typeOf(this.table.mode(row)) === "directory";
  }

  /** A regular file, or what is shown as one. */
  isFile(row: number): boolean {
    return typeOf(this.table.mode(row)) === "file";
  }

  /** A socket is shown as an empty file and has nothing to open. */
  isSocket(row: number): boolean {
    return (this.table.mode(row) & constants.S_IFMT) === constants.S_IFSOCK;
  }

  /** Every path that was looked at and is there, with its row. */
  *seen(): Iterable<readonly [path: Bytes, row: number]> {
    for (const place of this.#places.values()) {
      if (place === undefined) continue;
      const { path, names = [], rows, singles } = place;
      for (const [at, row] of rows.entries()) if (row >= 0) yield [joinPath(path, names[at] ?? ""), row];
      for (const [name, row] of singles) if (row >= 0) yield [joinPath(path, name), row];
    }
  }

  /** What is at a path as an entry of a tree, root's. */
  entry(path: Bytes, row: number): Entry {
    const { table } = this;
    const type = typeOf(table.mode(row));
    const mode = table.mode(row) & 0o7777;
    const mtime = Math.floor(table.mtimeMs(row) / 1000);
    const size = type === "file" ? table.size(row) : 0;
    const plain = { path, type, mode, uid: 0, gid: 0, size, mtime };
    if (type === "file" || type === "directory" || type === "fifo") return plain;
    if (type === "symlink") return { ...plain, link: this.#target(path, row) };
    return { ...plain, ...deviceNumbers(table.special(row)) };
  }

  /** Where a path lies, for `node:fs`. */
  host(path: Bytes): string | Buffer {
    return toFsPath(`${this.#directory}/${path}`);
  }

  /** A path as a directory; undefined where it is none. */
  #place(path: Bytes): Place | undefined {
    if (this.#last?.path === path) return this.#last;
    let place = this.#places.get(path);
    if (place === undefined && !this.#places.has(path)) {
      const row = this.row(path);
      if (row !== ABSENT && this.isDirectory(row))
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
      const host = path === "" ? this.host("." as Bytes) : this.host(path);
      const stats = lstatSync(host, { throwIfNoEntry: false });
      return stats === undefined ? ABSENT : this.table.add(stats);
    } catch (cause) {
      // A name that no file can have; a path that is too long for one call is another matter.
      if (errnoOf(cause) === "ENAMETOOLONG" && baseOf(path).length > 255) return ABSENT;
      throw unreadable(path, cause);
    }
  }

  #target(path: Bytes, row: number): Bytes {
    const known = this.#targets.get(row);
    if (known !== undefined) return known;
    const target = readlinkSync(this.host(path), { encoding: "latin1" }) as Bytes;
    this.#targets.set(row, target);
    return target;
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
