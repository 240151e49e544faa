import { closeSync, createReadStream, openSync, readdirSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { bytesOf } from "../core/bytes.ts";
import { hexOf, type Digest } from "../core/digest.ts";
import { TsbuildError, messageOf } from "../core/errors.ts";
import { readRange } from "../core/read-range.ts";
import { readTar } from "../layers/read-tar.ts";
import { TarWriter } from "../layers/tar-writer.ts";
import { writeWhole } from "./whole-file.ts";

/** Where a bundle is read from: names below its OCI layout. */
export interface BundleReader {
  readonly label: string;
  /** A file that is small enough for memory. */
  document(name: string): Buffer;
  /** A blob's bytes, nothing of which has been checked; undefined where it has none of this size. */
  blob(digest: Digest, size: number): AsyncIterable<Uint8Array> | undefined;
}

/** A document in memory; as much as a cache's config may have. */
const MAX_DOCUMENT = 32 << 20;
const READ_SIZE = 1 << 20;
const NAME = /^(?:\.\/)?(oci-layout|index\.json|blobs\/sha256\/[0-9a-f]{64})$/;

/** Puts a bundle's directory into one file, an OCI archive. */
export async function packBundle(directory: string, file: string): Promise<void> {
  const blobs = readdirSync(join(directory, "blobs/sha256")).sort();
  const names = ["oci-layout", "index.json", ...blobs.map((name) => `blobs/sha256/${name}`)];
  await writeWhole(file, async (temporary) => {
    const out = openSync(temporary, "w", 0o666);
    try {
      const tar = new TarWriter((chunk) => {
        for (let at = 0; at < chunk.length;) at += writeSync(out, chunk, at);
      });
      for (const name of names) {
        const path = join(directory, name);
        const { size } = statSync(path);
        tar.entry({ path: bytesOf(name), type: "file", mode: 0o644, uid: 0, gid: 0, size, mtime: 0 });
        for await (const chunk of createReadStream(path, { highWaterMark: READ_SIZE }))
          tar.data(chunk as Buffer);
      }
      tar.finish();
    } finally {
      closeSync(out);
    }
  });
}

/** Opens a bundle, a directory or a file. */
export async function openBundle(path: string): Promise<BundleReader> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot restore the cache: "${path}" is not there`);
  }
  if (stat.isDirectory()) return directoryReader(path);
  if (stat.isFile()) return fileReader(path);
  throw new TsbuildError("USAGE", `Cannot restore the cache: "${path}" is neither a directory nor a file`);
}

interface Range {
  readonly path: string;
  readonly start: number;
  readonly size: number;
}

function directoryReader(directory: string): BundleReader {
  return reader(directory, (name) => {
    const path = join(directory, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    // Reading a pipe would never end.
    return stat?.isFile() === true ? { path, start: 0, size: stat.size } : undefined;
  });
}

/** Nothing of the archive is unpacked: a blob is a range of it. */
async function fileReader(file: string): Promise<BundleReader> {
  const ranges = new Map<string, Range>();
  try {
    await readTar(
      createReadStream(file, { highWaterMark: READ_SIZE }),
      {
        entry({ path, type, size }, offset) {
          const name = NAME.exec(path)?.[1];
          if (type === "file" && name !== undefined) ranges.set(name, { path: file, start: offset, size });
        },
        data: () => undefined,
        whiteout: () => undefined,
        opaque: () => undefined,
      },
      { whiteouts: false, maxEntries: 1_000_000 },
    );
  } catch (cause) {
    throw new TsbuildError(
      "ARCHIVE_INVALID",
      `Cannot restore the cache from "${file}": ${messageOf(cause)}`,
      {
        cause,
        hint: "name the file that tsbuild cache save wrote; where something packed it once more, unpack it first",
      },
    );
  }
  return reader(file, (name) => ranges.get(name));
}

function reader(label: string, find: (name: string) => Range | undefined): BundleReader {
  return {
    label,
    document(name) {
      const range = find(name);
      if (range !== undefined && range.size <= MAX_DOCUMENT)
        return readRange(range.path, range.start, range.size);
      const state = range === undefined ? `it has no ${name}` : `${name} has ${range.size} bytes`;
      throw new TsbuildError("IMAGE_INVALID", `Cannot restore the cache from "${label}": ${state}`);
    },
    blob(digest, size) {
      const range = find(`blobs/sha256/${hexOf(digest)}`);
      if (range?.size !== size) return undefined;
      if (size === 0) return none();
      const { path, start } = range;
      return createReadStream(path, { start, end: start + size - 1, highWaterMark: READ_SIZE });
    },
  };
}

async function* none(): AsyncGenerator<Uint8Array> {}
