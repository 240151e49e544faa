import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  read as readCallback,
  readlinkSync,
  readSync,
  realpathSync,
  type Stats,
} from "node:fs";
import { promisify } from "node:util";
import { Hasher, sha256, type Digest } from "../core/digest.ts";
import type { FileStamp } from "../core/entry.ts";
import { errnoOf, TsbuildError } from "../core/errors.ts";
import { printable, toFsPath, type Bytes } from "../core/bytes.ts";
import { baseOf, parentOf } from "../core/paths.ts";

const SLICE = 1 << 20;
/** A fifo or device put in place of a file must not block the open. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** O_PATH, which Node does not name: a directory that may be searched need not be readable (open(2)). */
const DIRECTORY_FLAGS = 0x200000 | constants.O_DIRECTORY;

const readSlice = promisify(readCallback);

/** A digest, and what fstat said of the file when its reading began: a file written to meanwhile says another now. */
export interface HashedFile {
  readonly digest: Digest;
  readonly stats: FileStamp;
}

/** Reads regular files below one directory, and only there, whatever is moved about in it meanwhile. */
export class FileReader {
  readonly #directory: Bytes;
  #real: string | undefined;
  #slice: Buffer | undefined;
  /** The directory of the file that was opened last: files are read directory by directory. */
  #parent: { readonly path: Bytes; readonly fd: number } | undefined;

  constructor(directory: Bytes) {
    this.#directory = directory;
  }

  /** sha256 of a file's bytes. */
  hash(path: Bytes): HashedFile {
    const fd = this.#open(path);
    try {
      const stats = regular(fd, path);
      this.#slice ??= Buffer.allocUnsafe(SLICE);
      let length = readSync(fd, this.#slice, 0, SLICE, null);
      // Of a file of known size the end need not be read: 20,000 calls are saved, and as many hash objects.
      if (stats.size > 0 && length >= stats.size)
        return { digest: sha256(this.#slice.subarray(0, length)), stats };
      const hasher = new Hasher();
      for (let done = 0; length > 0; length = readSync(fd, this.#slice, 0, SLICE, null)) {
        hasher.update(this.#slice.subarray(0, length));
        done += length;
        if (stats.size > 0 && done >= stats.size) break;
      }
      return { digest: hasher.digest(), stats };
    } finally {
      closeSync(fd);
    }
  }

  /** The same for a big file, whose reading must not keep signals and the display waiting. */
  async hashSlowly(path: Bytes): Promise<HashedFile> {
    const fd = this.#open(path);
    try {
      const stats = regular(fd, path);
      const hasher = new Hasher();
      const slice = Buffer.allocUnsafe(SLICE);
      for (;;) {
        const { bytesRead } = await readSlice(fd, slice, 0, SLICE, null);
        if (bytesRead === 0) break;
        hasher.update(slice.subarray(0, bytesRead));
      }
      return { digest: hasher.digest(), stats };
    } finally {
      closeSync(fd);
    }
  }

  /** A whole file of at most `limit` bytes. */
  read(path: Bytes, limit: number): Buffer {
    const fd = this.#open(path);
    try {
      regular(fd, path);
      const pieces: Buffer[] = [];
      for (let total = 0; ;) {
        const piece = Buffer.allocUnsafe(64 * 1024);
        const length = readSync(fd, piece, 0, piece.length, null);
        if (length === 0) return Buffer.concat(pieces);
        total += length;
        if (total > limit)
          throw new TsbuildError(
            "CONFIG_INVALID",
            `Cannot read "${printable(path)}" of the context: it is larger than ${limit} bytes`,
          );
        pieces.push(piece.subarray(0, length));
      }
    } finally {
      closeSync(fd);
    }
  }

  #open(path: Bytes): number {
    try {
      const directory = this.#openDirectory(parentOf(path), path);
      return openSync(toFsPath(`${directory}/${baseOf(path)}`), OPEN_FLAGS);
    } catch (cause) {
      throw cause instanceof TsbuildError ? cause : unreadable(path, cause);
    }
  }

  /**
   * A path to a directory that nothing which is moved about leads elsewhere. O_NOFOLLOW guards the last component of a
   * path alone; that none above was swapped for a symlink is seen by asking the kernel where the open directory lies.
   * Files are opened below its descriptor (proc_pid_fd(5)), so that 100 files of a directory cost one question.
   */
  #openDirectory(directory: Bytes, path: Bytes): string {
    if (this.#parent?.path === directory) return descriptorLink(this.#parent.fd);
    this.#closeDirectory();
    const host = directory === "" ? this.#directory : (`${this.#directory}/${directory}` as Bytes);
    const fd = openSync(toFsPath(host === "" ? "/" : host), DIRECTORY_FLAGS);
    const where = whereIs(fd);
    const expected = directory === "" ? this.#realDirectory() : `${this.#realDirectory()}/${directory}`;
    if (where === expected) {
      this.#parent = { path: directory, fd };
      // Files are read in turns of the event loop: no descriptor stays behind.
      setImmediate(() => this.#closeDirectory());
      return descriptorLink(fd);
    }
    closeSync(fd);
    if (where === undefined) return host;
    throw new TsbuildError(
      "COPY_SOURCE_NOT_FOUND",
      `Cannot read "${printable(path)}" of the context: it was moved or replaced while the build ran`,
      { hint: "build again when nothing else writes to the context" },
    );
  }

  #closeDirectory(): void {
    if (this.#parent !== undefined) closeSync(this.#parent.fd);
    this.#parent = undefined;
  }

  #realDirectory(): string {
    this.#real ??= realpathSync.native(toFsPath(this.#directory), { encoding: "latin1" }).replace(/^\/$/, "");
    return this.#real;
  }
}

function regular(fd: number, path: Bytes): Stats {
  const stats = fstatSync(fd);
  if (stats.isFile()) return stats;
  throw new TsbuildError(
    "COPY_SOURCE_NOT_FOUND",
    `Cannot read "${printable(path)}" of the context: it is not a regular file`,
  );
}

/** The error of one who asks for the bytes of what is not there. */
export function missing(path: Bytes): TsbuildError {
  return new TsbuildError(
    "COPY_SOURCE_NOT_FOUND",
    `Cannot read "${printable(path)}" of the context: it is not there any more`,
  );
}

function descriptorLink(fd: number): string {
  return `/proc/self/fd/${fd}`;
}

/** Where an open directory lies, "" being the root; undefined where /proc is not mounted. */
function whereIs(fd: number): string | undefined {
  try {
    return readlinkSync(descriptorLink(fd), { encoding: "latin1" }).replace(/^\/$/, "");
  } catch {
    return undefined;
  }
}

/** Why a path of the context cannot be looked at, in a sentence. */
export function unreadable(path: Bytes, cause: unknown): TsbuildError {
  const code = errnoOf(cause);
  if (code === "ENOENT") return missing(path);
  const denied = code === "EACCES" || code === "EPERM";
  return new TsbuildError(
    "COPY_SOURCE_NOT_FOUND",
    `Cannot read "${printable(path)}" of the context: ${denied ? "permission denied" : (code ?? "it cannot be opened")}`,
    { cause, hint: denied ? "make it readable, or name it in .dockerignore" : undefined },
  );
}
