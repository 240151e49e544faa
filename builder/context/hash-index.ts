import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { EMPTY_DIGEST, hexOf, sha256Bytes, type Digest } from "../core/digest.ts";
import type { FileStamp } from "../core/entry.ts";

/** Numbers in a row: size, mtime, ctime, inode. */
const STAMPS = 4;
const MAGIC = 0x74736932;
const HEADER = 16;
const HASH = 32;
const ROW = STAMPS * 8;

/**
 * Whether a file was changed so shortly before it was read that another change might bear the same time (git calls such
 * entries racy). Kernel clocks tick every 10 ms or faster; times in whole seconds are those of a filesystem that keeps no
 * finer ones.
 */
export function isRacy(mtimeMs: number, ctimeMs: number, readAt: number): boolean {
  const coarse = mtimeMs % 1000 === 0 && ctimeMs % 1000 === 0;
  return readAt - Math.max(mtimeMs, ctimeMs) <= (coarse ? 2100 : 100);
}

/**
 * Digests of files that were read before, like git's index: path → (size, mtime, ctime, inode) → sha256. The file has a
 * header, a row of numbers for each path, the digests, and the paths with NUL between them; anything odd about it, and it
 * counts as empty.
 */
export class HashIndex {
  readonly #file: string;
  #rows = new Map<string, number>();
  #stamps = new Float64Array();
  #hashes: Buffer = Buffer.alloc(0);
  /** The same in hex, made in one go: 20,000 calls would cost more than everything else here. */
  #hex = "";
  /** What this build found, each with its place in the two lists: objects for 20,000 files would keep the garbage collector busy. */
  readonly #fresh = new Map<string, number>();
  readonly #freshStamps: number[] = [];
  readonly #freshDigests: Digest[] = [];
  /** Rows that this build asked for. */
  #used = new Uint8Array();
  #loaded = false;
  #keepAll = false;

  constructor(file: string) {
    this.#file = file;
  }

  /** Whether no earlier build left anything here. */
  get isEmpty(): boolean {
    this.#load();
    return this.#rows.size === 0;
  }

  /** The digest of a file that is as it was. */
  get(path: Bytes, stats: FileStamp): Digest | undefined {
    this.#load();
    const row = this.#rows.get(path);
    if (row === undefined) return undefined;
    const at = row * STAMPS;
    const same =
      this.#stamps[at] === stats.size &&
      this.#stamps[at + 1] === stats.mtimeMs &&
      this.#stamps[at + 2] === stats.ctimeMs &&
      this.#stamps[at + 3] === stats.ino;
    if (!same) return undefined;
    this.#used[row] = 1;
    return `sha256:${this.#hex.slice(row * 2 * HASH, (row + 1) * 2 * HASH)}` as Digest;
  }

  /** Remembers a digest, unless it is racy. */
  put(path: Bytes, stats: FileStamp, digest: Digest, readAt: number): void {
    if (isRacy(stats.mtimeMs, stats.ctimeMs, readAt)) return;
    this.#fresh.set(path, this.#freshDigests.length);
    this.#freshDigests.push(digest);
    this.#freshStamps.push(stats.size, stats.mtimeMs, stats.ctimeMs, stats.ino);
  }

  /** Says that files were found unchanged without asking here: which rows still help is not known. */
  keepAll(): void {
    this.#keepAll = true;
  }

  /** Writes the index beside its file and moves it in place; nothing where nothing is new. */
  save(): void {
    if (this.#fresh.size === 0) return;
    const kept = this.#keptRows();
    const paths = [...kept, ...this.#fresh.keys()];
    const stamps = new Float64Array(paths.length * STAMPS);
    const hashes = Buffer.alloc(paths.length * HASH);
    for (let row = 0; row < paths.length; row++) {
      const path = paths[row] ?? "";
      const fresh = this.#fresh.get(path);
      const at = row * STAMPS;
      if (fresh !== undefined) {
        for (let column = 0; column < STAMPS; column++)
          stamps[at + column] = this.#freshStamps[fresh * STAMPS + column] ?? 0;
        hashes.write(hexOf(this.#freshDigests[fresh] ?? EMPTY_DIGEST), row * HASH, "hex");
      } else {
        const old = this.#rows.get(path) ?? 0;
        for (let column = 0; column < STAMPS; column++)
          stamps[at + column] = this.#stamps[old * STAMPS + column] ?? 0;
        this.#hashes.copy(hashes, row * HASH, old * HASH, (old + 1) * HASH);
      }
    }
    const body = Buffer.concat([Buffer.from(stamps.buffer), hashes, Buffer.from(paths.join("\0"), "latin1")]);
    const header = Buffer.alloc(HEADER);
    header.writeUInt32LE(MAGIC, 0);
    header.writeUInt32LE(paths.length, 4);
    header.writeUInt32LE(checksumOf(body), 8);
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, Buffer.concat([header, body]), { mode: 0o600 });
      renameSync(temporary, this.#file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }

  /** Old rows that still help. Those that this build did not ask for may belong to another target, or to deleted files. */
  #keptRows(): string[] {
    const old = [...this.#rows].filter(([path]) => !this.#fresh.has(path));
    const used = old.filter(([, row]) => this.#used[row] === 1);
    const kept = !this.#keepAll && old.length > 4 * (used.length + this.#fresh.size) + 10_000 ? used : old;
    return kept.map(([path]) => path);
  }

  #load(): void {
    if (this.#loaded) return;
    this.#loaded = true;
    let data: Buffer;
    try {
      data = readFileSync(this.#file);
    } catch {
      return; // Without an index every file is read: slower, and right.
    }
    if (data.length < HEADER || data.readUInt32LE(0) !== MAGIC) return;
    const count = data.readUInt32LE(4);
    const body = data.subarray(HEADER);
    if (body.length < count * (ROW + HASH) || checksumOf(body) !== data.readUInt32LE(8)) return;
    const paths = body.toString("latin1", count * (ROW + HASH)).split("\0");
    if (paths.length !== count) return;
    // A copy, as a Float64Array has to begin at a multiple of eight.
    this.#stamps = new Float64Array(new Uint8Array(body.subarray(0, count * ROW)).buffer);
    this.#hashes = body.subarray(count * ROW, count * (ROW + HASH));
    this.#hex = this.#hashes.toString("hex");
    this.#used = new Uint8Array(count);
    this.#rows = new Map(paths.map((path, row) => [path, row]));
  }
}

/** Of sha256, which is there anyhow. */
function checksumOf(body: Buffer): number {
  return sha256Bytes(body).readUInt32LE(0);
}
