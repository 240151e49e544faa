import { closeSync, openSync, readFileSync, writeSync } from "node:fs";
import { bytesOf, printable, type Bytes } from "../../core/bytes.ts";
import { Hasher, type Digest } from "../../core/digest.ts";
import type { Entry } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { insideRoot, parentOf } from "../../core/paths.ts";
import { decompress } from "../../layers/decompress.ts";
import { readTar, type TarVisitor } from "../../layers/read-tar.ts";
import { explained } from "../../store/failure.ts";
import type { Store } from "../../store/types.ts";
import type { ImageFiles } from "./types.ts";

/** An image has as many files as layers, and 128 layers are docker's limit. */
const MAX_FILES = 100_000;
/** docker's archives before 25 have one link, from a layer that stands twice to the first. */
const MAX_LINKS = 8;

/**
 * The files of an archive, which may be compressed: read once, from any stream, into this session's directory. No name in
 * it becomes a path on this machine.
 */
export class ArchiveFiles implements ImageFiles {
  readonly label: string;
  readonly #found: Found;

  static async open(store: Store, source: AsyncIterable<Uint8Array>, label: string): Promise<ArchiveFiles> {
    const found = new Found(store, label);
    try {
      await readTar(decompress(source), found, { whiteouts: false, maxEntries: MAX_FILES });
    } catch (cause) {
      if (!(cause instanceof TsbuildError) || cause.code !== "ARCHIVE_INVALID") throw cause;
      const message = cause.message.replace(/^Cannot read the archive:/, `Cannot read ${label}:`);
      throw new TsbuildError("ARCHIVE_INVALID", message, { cause });
    } finally {
      found.finish();
    }
    return new ArchiveFiles(found, label);
  }

  private constructor(found: Found, label: string) {
    this.#found = found;
    this.label = label;
  }

  size(path: string): number | undefined {
    return this.#find(path)?.size;
  }

  read(path: string): Buffer {
    return readFileSync(this.#get(path).path);
  }

  digest(path: string): Digest {
    return this.#get(path).digest;
  }

  place(path: string): string {
    return this.#get(path).path;
  }

  #get(path: string): ArchivedFile {
    const file = this.#find(path);
    if (file !== undefined) return file;
    throw new TsbuildError("ARCHIVE_INVALID", `Cannot read ${this.label}: it has no "${printable(path)}"`);
  }

  #find(path: string): ArchivedFile | undefined {
    let at = insideRoot(bytesOf(path));
    for (let links = 0; links <= MAX_LINKS; links++) {
      const entry = this.#found.files.get(at);
      if (entry === undefined || typeof entry !== "string") return entry;
      at = entry;
    }
    return undefined;
  }
}

interface ArchivedFile {
  /** On this machine. */
  readonly path: string;
  readonly digest: Digest;
  readonly size: number;
}

/** Takes the archive in: a file for each regular file, a path for each link. */
class Found implements TarVisitor {
  /** What is at each path: a file, or where a link leads. */
  readonly files = new Map<Bytes, ArchivedFile | Bytes>();
  readonly #store: Store;
  readonly #label: string;
  #open:
    | {
        readonly name: Bytes;
        readonly path: string;
        readonly file: number;
        readonly hasher: Hasher;
        size: number;
      }
    | undefined;

  constructor(store: Store, label: string) {
    this.#store = store;
    this.#label = label;
  }

  entry(entry: Entry): void {
    this.finish();
    const { path, type, link = "" as Bytes } = entry;
    switch (type) {
      case "directory":
        return;
      case "file":
        return this.#create(path);
      case "hardlink":
        return this.#put(path, insideRoot(link));
      case "symlink":
        return this.#put(path, insideRoot(link.startsWith("/") ? link : `${parentOf(path)}/${link}`));
      default:
        throw this.#wrong(path, "is a device or a pipe");
    }
  }

  data(chunk: Buffer): void {
    if (this.#open === undefined) return;
    const { path, file, hasher } = this.#open;
    hasher.update(chunk);
    this.#open.size += chunk.length;
    explained("write", path, () => {
      for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
    });
  }

  whiteout(): void {
    // Names are names here: `whiteouts` is false.
  }

  opaque(): void {
    // As above.
  }

  /** The file that came last is whole. */
  finish(): void {
    if (this.#open === undefined) return;
    const { name, path, file, hasher, size } = this.#open;
    this.#open = undefined;
    closeSync(file);
    this.#put(name, { path, digest: hasher.digest(), size });
  }

  #create(name: Bytes): void {
    const path = this.#store.tempPath("archive");
    const file = explained("write", path, () => openSync(path, "wx", 0o644));
    this.#open = { name, path, file, hasher: new Hasher(), size: 0 };
  }

  /** Readers disagree on which of two counts: only the same thing may stand twice. */
  #put(path: Bytes, file: ArchivedFile | Bytes): void {
    const there = this.files.get(path);
    const idOf = (one: ArchivedFile | Bytes): string => (typeof one === "string" ? `→ ${one}` : one.digest);
    if (there !== undefined && idOf(there) !== idOf(file))
      throw this.#wrong(path, "stands in it twice, with different content");
    this.files.set(path, file);
  }

  #wrong(path: Bytes, state: string): TsbuildError {
    return new TsbuildError("ARCHIVE_INVALID", `Cannot read ${this.#label}: "${printable(path)}" ${state}`);
  }
}
