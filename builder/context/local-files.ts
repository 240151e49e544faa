import { lstatSync } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { EMPTY_DIGEST, type Digest } from "../core/digest.ts";
import type { Content, Entry, FileWatch, Tree } from "../core/entry.ts";
import { FileReader, type HashedFile, missing } from "./files.ts";
import { type FileToHash, hashFiles } from "./hash-files.ts";
import type { HashIndex } from "./hash-index.ts";
import { ABSENT, LocalStats } from "./local-stats.ts";
import type { Scan } from "./scan.ts";

/**
 * A directory of this machine as a tree, every file as it is. Extended attributes are not shown: Node has no call for them,
 * so security.capability of a context's file is lost.
 */
export class LocalFiles implements Tree {
  readonly #directory: Bytes;
  readonly #stats: LocalStats;
  readonly #reader: FileReader;
  readonly #index: HashIndex | undefined;
  readonly #digests: (Digest | undefined)[] = [];
  /** Rows of files that were read, here or by somebody to whom they were given: they may have changed since they were seen. */
  readonly #suspect: boolean[] = [];
  #disturbed = false;

  constructor(directory: Bytes, index: HashIndex | undefined) {
    this.#directory = directory;
    this.#stats = new LocalStats(directory);
    this.#reader = new FileReader(directory);
    this.#index = index;
  }

  stat(path: Bytes): Entry | undefined {
    const row = this.#stats.row(path);
    return row === ABSENT ? undefined : this.#stats.entry(path, row);
  }

  list(path: Bytes): readonly Bytes[] {
    return this.#stats.list(path);
  }

  hash(path: Bytes): Digest {
    const row = this.#stats.row(path);
    if (row === ABSENT) throw missing(path);
    return (this.#digests[row] ??= this.#knownDigest(path, row) ?? this.#read(path, row));
  }

  async prehash(paths: readonly Bytes[]): Promise<void> {
    const unknown: FileToHash[] = [];
    for (const path of paths) {
      const row = this.#stats.row(path);
      if (row === ABSENT || this.#digests[row] !== undefined) continue;
      const digest = this.#knownDigest(path, row);
      if (digest === undefined) unknown.push({ path, size: this.#stats.table.size(row) });
      else this.#digests[row] = digest;
    }
    await hashFiles(this.#directory, this.#reader, unknown, ({ path }, hashed, readAt) => {
      const row = this.#stats.row(path);
      this.#digests[row] = this.#remember(path, row, readAt, hashed);
    });
  }

  content(path: Bytes): Content {
    const row = this.#stats.row(path);
    if (row === ABSENT) throw missing(path);
    if (this.#stats.isSocket(row)) return { kind: "bytes", data: new Uint8Array() };
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
      if (now === undefined || this.#stats.table.isSame(row, now)) this.#suspect[row] = false;
    },
    learned: (row, path, digest, since) => {
      // `changed` says so.
      if (this.#suspect[row] !== false) return;
      this.#digests[row] = digest;
      const name = path.slice(this.#directory.length + 1) as Bytes;
      this.#index?.put(name, this.#stats.table.stamp(row), digest, since);
    },
  };

  linkId(path: Bytes): string | undefined {
    const { table } = this.#stats;
    const row = this.#stats.row(path);
    if (row === ABSENT || table.links(row) < 2 || !this.#stats.isFile(row)) return undefined;
    return `${table.device(row)}:${table.stamp(row).ino}`;
  }

  read(path: Bytes, limit: number): Buffer {
    return this.#reader.read(path, limit);
  }

  /** Numbers that are others when what is at a path has changed; undefined where nothing is. */
  identity(path: Bytes): Float64Array | undefined {
    const row = this.#stats.row(path);
    return row === ABSENT ? undefined : this.#stats.table.identity(row);
  }

  /** Adds everything below a directory that `shows` to a scan. */
  scan(directory: Bytes, shows: (path: Bytes) => boolean, scan: Scan): void {
    const { table } = this.#stats;
    this.#stats.walk(directory, shows, (relative, row) => {
      const kind = this.#stats.isDirectory(row) ? "directory" : "file";
      scan.add(relative, kind, table.numbers, table.start(row));
    });
  }

  /** Whether a file was seen to change between being looked at and being read. */
  get disturbed(): boolean {
    return this.#disturbed;
  }

  /** The first file, of those that were read, that is not as it was any more. */
  changed(): Bytes | undefined {
    if (!this.#suspect.includes(true)) return undefined;
    for (const [path, row] of this.#stats.seen()) {
      if (this.#suspect[row] !== true) continue;
      const now = lstatSync(this.#stats.host(path), { throwIfNoEntry: false });
      if (now === undefined || !this.#stats.table.isSame(row, now)) return path;
    }
    return undefined;
  }

  #knownDigest(path: Bytes, row: number): Digest | undefined {
    if (this.#stats.isSocket(row)) return EMPTY_DIGEST;
    return this.#index?.get(path, this.#stats.table.stamp(row));
  }

  #read(path: Bytes, row: number): Digest {
    const readAt = Date.now();
    return this.#remember(path, row, readAt, this.#reader.hash(path));
  }

  #remember(path: Bytes, row: number, readAt: number, { digest, stats }: HashedFile): Digest {
    this.#suspect[row] = true;
    const { table } = this.#stats;
    if (table.isSame(row, stats)) this.#index?.put(path, table.stamp(row), digest, readAt);
    else this.#disturbed = true;
    return digest;
  }
}
