import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { Hasher, isDigest, type Digest } from "../core/digest.ts";
import { isRacy } from "./hash-index.ts";
import { IDENTITY } from "./stat-table.ts";

/** Files to collect before hashing. */
const BATCH = 1024;
/** One build has few COPYs; the rest are for other targets and other Dockerfiles of the context. */
const KEPT = 64;

/** Digests of content by what lstat said of all of it: where that is as it was, no file's digest need be looked up. */
export interface Scans {
  /** Numbers that change whenever what is at a path does (`LocalFiles.identity`). */
  identity(path: Bytes): Float64Array | undefined;
  /** Adds everything below a directory to a scan. */
  addAll(directory: Bytes, scan: Scan): void;
  /** The content digest that an equal scan had. */
  get(scan: Digest): Digest | undefined;
  /** Remembers a content digest, unless something changed so shortly before that it might change again unseen. */
  put(scan: Scan, content: Digest): void;
}

/** What lstat said of everything that a COPY takes, in the order of the walk. */
export class Scan {
  readonly #startedAt = Date.now();
  readonly #hash = new Hasher();
  readonly #numbers = new Float64Array(BATCH * IDENTITY);
  #names = "";
  #count = 0;
  #digest: Digest | undefined;
  #racy = false;

  /** `purpose`: what else the content digest depends on. */
  constructor(purpose: string) {
    this.#hash.update(`${purpose}\0`);
  }

  /** The identity stands in `numbers` from `from` on. Of a directory, times do not count: they change with what is hidden in it. */
  add(name: Bytes, kind: "file" | "directory" | "parent", numbers: Float64Array, from = 0): void {
    if (this.#count === BATCH) this.#flush();
    const at = this.#count++ * IDENTITY;
    this.#names += `${name}\0${kind}\0`;
    for (let column = 0; column < IDENTITY; column++)
      this.#numbers[at + column] = numbers[from + column] ?? 0;
    if (kind !== "file") this.#numbers.fill(0, at, at + 3);
    else this.#racy ||= isRacy(numbers[from + 1] ?? 0, numbers[from + 2] ?? 0, this.#startedAt);
  }

  get racy(): boolean {
    return this.#racy;
  }

  digest(): Digest {
    if (this.#digest === undefined) {
      this.#flush();
      this.#digest = this.#hash.digest();
    }
    return this.#digest;
  }

  #flush(): void {
    const names = Buffer.from(this.#names, "latin1");
    // Where the names end is told by a count: two scans never run into one another.
    this.#hash.update(`${this.#count} ${names.length}\0`).update(names);
    this.#hash.update(new Uint8Array(this.#numbers.buffer, 0, this.#count * IDENTITY * 8));
    this.#names = "";
    this.#count = 0;
  }
}

/** Scans of one directory, kept in a file from build to build; anything odd about it, and it counts as empty. */
export class ScanFile {
  readonly #file: string;
  #known: Map<string, string> | undefined;
  #dirty = false;

  constructor(file: string) {
    this.#file = file;
  }

  get(scan: Digest): Digest | undefined {
    const content = this.#load().get(scan);
    return isDigest(content) ? content : undefined;
  }

  put(scan: Digest, content: Digest): void {
    const known = this.#load();
    known.delete(scan);
    known.set(scan, content);
    this.#dirty = true;
  }

  save(): void {
    if (!this.#dirty) return;
    const newest = [...this.#load()].slice(-KEPT);
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, newest.map(([scan, content]) => `${scan} ${content}\n`).join(""), {
        mode: 0o600,
      });
      renameSync(temporary, this.#file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  #load(): Map<string, string> {
    if (this.#known !== undefined) return this.#known;
    const known = new Map<string, string>();
    this.#known = known;
    try {
      for (const line of readFileSync(this.#file, "latin1").split("\n")) {
        const [scan, content] = line.split(" ");
        if (isDigest(scan) && isDigest(content)) known.set(scan, content);
      }
    } catch {
      // Without it every digest is looked up: slower, and right.
    }
    return known;
  }
}
