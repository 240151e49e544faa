import { closeSync, openSync, writeSync } from "node:fs";
import type { Bytes } from "../core/bytes.ts";
import { Hasher, sha256, type Digest } from "../core/digest.ts";
import type { Entry } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { readTar, type TarVisitor } from "../layers/read-tar.ts";
import { TarWriter } from "../layers/tar-writer.ts";
import type { ApplyStream, EntryVisitor, Helper } from "../../runtime/types.ts";

/** The directory that a cache mount shows, in that of its slot. */
const ROOT = "data";
/** A part is between these, and on the average a few MiB more than the least. */
const LEAST = 1 << 20;
const MOST = 64 << 20;

/** A tar that is finished. */
interface Part {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * Packs a cache mount as tars. Where one ends and the next begins is decided by hashes of names, so that a file more or
 * less changes one part, and the others are those of the last time. `place` gives a path to write to, `done` takes what was
 * written there.
 */
export async function packMount(
  helper: Helper,
  slot: string,
  place: () => string,
  done: (path: string, part: Part) => void,
  signal: AbortSignal,
): Promise<readonly Part[]> {
  const parts: Part[] = [];
  let open: PartWriter | undefined;
  const finish = (): void => {
    if (open === undefined) return;
    const part = open.finish();
    done(open.path, part);
    parts.push(part);
    open = undefined;
  };
  const unexpected = (path: Bytes): never => {
    throw new TsbuildError("STORE_INVALID", `Cannot save "${slot}": it has an overlay's mark at "${path}"`);
  };
  const visitor: EntryVisitor = {
    entry(entry) {
      if (!isInside(entry.path)) return;
      if (open !== undefined && open.size >= LEAST && (open.size >= MOST || isBoundary(entry.path))) finish();
      open ??= new PartWriter(place());
      open.tar.entry(entry);
    },
    data: (chunk) => open?.tar.data(chunk),
    whiteout: unexpected,
    opaque: unexpected,
  };
  try {
    await helper.diff({ upper: slot, lowers: [] }, visitor, signal);
    finish();
  } finally {
    open?.close();
  }
  return parts;
}

/** Takes the parts of a cache mount apart into a new directory. */
export async function unpackMount(
  helper: Helper,
  directory: string,
  parts: Iterable<AsyncIterable<Uint8Array>>,
): Promise<void> {
  const stream = helper.apply(directory);
  try {
    const visitor = new MountVisitor(stream);
    for (const part of parts) await readTar(part, visitor, { whiteouts: false });
    await stream.end();
    visitor.check();
  } catch (error) {
    await stream.abort();
    await helper.remove([directory]);
    throw error;
  }
}

class PartWriter {
  readonly path: string;
  readonly tar: TarWriter;
  readonly #file: number;
  readonly #hasher = new Hasher();
  #open = true;
  size = 0;

  constructor(path: string) {
    this.path = path;
    this.#file = openSync(path, "wx", 0o644);
    this.tar = new TarWriter((chunk) => {
      for (let at = 0; at < chunk.length;) at += writeSync(this.#file, chunk, at);
      this.#hasher.update(chunk);
      this.size += chunk.length;
    });
  }

  finish(): Part {
    this.tar.finish();
    this.close();
    return { digest: this.#hasher.digest(), size: this.size };
  }

  close(): void {
    if (this.#open) closeSync(this.#file);
    this.#open = false;
  }
}

/** Files of a bundle that may come from anybody: they are those of one directory, and no way into the machine. */
class MountVisitor implements TarVisitor {
  readonly #stream: ApplyStream;
  #begun = false;

  constructor(stream: ApplyStream) {
    this.#stream = stream;
  }

  entry(entry: Entry): void {
    const { path, type, link } = entry;
    if (!this.#begun && (path !== ROOT || type !== "directory"))
      throw refused(path, "its directory is not the first");
    if (this.#begun && path === ROOT && type !== "directory") throw refused(path, "it is to be a directory");
    if (!isInside(path)) throw refused(path, "it lies outside of the mount");
    if (type === "character" || type === "block") throw refused(path, "it is a device");
    if (type === "hardlink" && !isInside(link ?? path)) throw refused(path, "it links to a file outside");
    this.#begun = true;
    this.#stream.entry(entry);
  }

  data(chunk: Buffer): void {
    this.#stream.data(chunk);
  }

  whiteout(path: Bytes): void {
    throw refused(path, "it is a whiteout");
  }

  opaque(path: Bytes): void {
    throw refused(path, "it is a whiteout");
  }

  drain(): Promise<void> {
    return this.#stream.drain();
  }

  check(): void {
    if (!this.#begun) throw refused(ROOT as Bytes, "there is nothing");
  }
}

function isInside(path: Bytes): boolean {
  return path === ROOT || path.startsWith(`${ROOT}/`);
}

function isBoundary(path: Bytes): boolean {
  return sha256(Buffer.from(path, "latin1")).endsWith("00");
}

function refused(path: Bytes, state: string): TsbuildError {
  return new TsbuildError("ARCHIVE_INVALID", `Cannot restore "${path}" of a cache mount: ${state}`);
}
