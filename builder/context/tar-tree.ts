import { closeSync, openSync, writeSync } from "node:fs";
import { printable, type Bytes } from "../core/bytes.ts";
import { Hasher } from "../core/digest.ts";
import type { Entry } from "../core/entry.ts";
import { TsbuildError, errnoOf } from "../core/errors.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { resolveInTree } from "../core/resolve.ts";
import { decompress, detectCompression } from "../layers/decompress.ts";
import { isTarHeader, TAR_HEAD } from "../layers/detect-tar.ts";
import { readTar } from "../layers/read-tar.ts";
import { EntryTree } from "./entry-tree.ts";

/** Uncompressed; more is a bomb. */
const MAX_BYTES = 64 * 2 ** 30;
const MAX_ENTRIES = 2_000_000;

/** As many bytes as `isArchiveHead` looks at. */
export const ARCHIVE_HEAD = TAR_HEAD;

/** Whether a file that begins so is an archive: a tar, or compressed. */
export function isArchiveHead(head: Buffer): boolean {
  return detectCompression(head) !== "none" || isTarHeader(head);
}

/**
 * A tar, compressed in whatever way, as a tree. Its bytes are spooled to a file, from which layers are sealed; nothing of
 * it is ever unpacked onto this machine, and its links lead to places in it alone (GHSA-49p4-px3h-rq49).
 */
export async function readTarTree(source: AsyncIterable<Uint8Array>, spool: string): Promise<EntryTree> {
  const fd = openSync(spool, "wx", 0o600);
  const builder = new TreeBuilder(spool);
  let size = 0;
  async function* spooled(): AsyncGenerator<Buffer> {
    for await (const chunk of decompress(source)) {
      size += chunk.length;
      if (size > MAX_BYTES)
        throw new TsbuildError(
          "ARCHIVE_INVALID",
          `Cannot read the archive: it has more than ${MAX_BYTES} bytes`,
        );
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
      yield chunk;
    }
  }
  try {
    await readTar(spooled(), builder, { whiteouts: false, maxEntries: MAX_ENTRIES });
    return builder.finish();
  } catch (cause) {
    if (errnoOf(cause) !== "ENOSPC") throw cause;
    throw new TsbuildError("DISK_FULL", `Cannot read the archive: no space is left for "${spool}"`, {
      cause,
    });
  } finally {
    closeSync(fd);
  }
}

class TreeBuilder {
  readonly #tree = new EntryTree(0);
  readonly #spool: string;
  #open: { readonly entry: Entry; readonly offset: number; readonly hasher: Hasher } | undefined;

  constructor(spool: string) {
    this.#spool = spool;
  }

  entry(entry: Entry, offset: number): void {
    this.#close();
    const path = this.#place(entry.path, entry.type === "directory");
    const put = { ...entry, path };
    if (entry.type === "hardlink") this.#link(put, this.#place(entry.link ?? entry.path, false));
    else if (entry.type === "file") this.#open = { entry: put, offset, hasher: new Hasher() };
    else this.#tree.put(put);
  }

  data(chunk: Buffer): void {
    this.#open?.hasher.update(chunk);
  }

  whiteout(): void {
    // Not asked for: these names are files' names here.
  }

  opaque(): void {
    // As above.
  }

  finish(): EntryTree {
    this.#close();
    return this.#tree;
  }

  #close(): void {
    if (this.#open === undefined) return;
    const { entry, offset, hasher } = this.#open;
    this.#open = undefined;
    const content = { kind: "range", path: this.#spool, offset, size: entry.size } as const;
    this.#tree.put(entry, { content, digest: hasher.digest() });
  }

  #link(entry: Entry, target: Bytes): void {
    if (this.#tree.link(entry, target)) return;
    throw new TsbuildError(
      "ARCHIVE_INVALID",
      `Cannot read the archive: "${printable(entry.path)}" is a hard link to "${printable(target)}", which is no file before it`,
    );
  }

  /** Where unpacking would put it: through symlinks of the archive, as if it were a root. */
  #place(path: Bytes, followLast: boolean): Bytes {
    if (followLast) return resolveInTree(this.#tree, path, true).path;
    return joinPath(resolveInTree(this.#tree, parentOf(path), true).path, baseOf(path));
  }
}
