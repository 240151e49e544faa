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
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import type { Digest } from "../core/digest.ts";
import { errnoOf, TsbuildError } from "../core/errors.ts";
import { printable, toFsPath, type Bytes } from "../core/bytes.ts";

const SLICE = 1 << 20;
/** A fifo or device put in place of a file must not block the open. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

const readSlice = promisify(readCallback);

/** A digest, and what fstat said of the file when its reading began: a file written to meanwhile says another now. */
export interface HashedFile {
  readonly digest: Digest;
  readonly stats: Stats;
}

/** Reads regular files below one directory, and only there, whatever is moved about in it meanwhile. */
export class FileReader {
  readonly #directory: Bytes;
  #real: string | undefined;
  #slice: Buffer | undefined;

  constructor(directory: Bytes) {
    this.#directory = directory;
  }

  /** sha256 of a file's bytes. */
  hash(path: Bytes): HashedFile {
    const fd = this.#open(path);
    try {
      const stats = regular(fd, path);
      const hash = createHash("sha256");
      this.#slice ??= Buffer.allocUnsafe(SLICE);
      for (let done = 0; ;) {
        const length = readSync(fd, this.#slice, 0, SLICE, null);
        hash.update(this.#slice.subarray(0, length));
        done += length;
        // Of a file of known size the end need not be read; 20,000 calls are saved.
        if (length === 0 || (stats.size > 0 && done >= stats.size)) break;
      }
      return { digest: `sha256:${hash.digest("hex")}` as Digest, stats };
    } finally {
      closeSync(fd);
    }
  }

  /** The same for a big file, whose reading must not keep signals and the display waiting. */
  async hashSlowly(path: Bytes): Promise<HashedFile> {
    const fd = this.#open(path);
    try {
      const stats = regular(fd, path);
      const hash = createHash("sha256");
      const slice = Buffer.allocUnsafe(SLICE);
      for (;;) {
        const { bytesRead } = await readSlice(fd, slice, 0, SLICE, null);
        if (bytesRead === 0) break;
        hash.update(slice.subarray(0, bytesRead));
      }
      return { digest: `sha256:${hash.digest("hex")}` as Digest, stats };
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

  /**
   * O_NOFOLLOW guards the last component alone. That no directory above was swapped for a symlink is seen afterwards, by
   * asking the kernel where the open file lies: nothing that happens later changes the descriptor.
   */
  #open(path: Bytes): number {
    let fd: number;
    try {
      fd = openSync(toFsPath(`${this.#directory}/${path}`), OPEN_FLAGS);
    } catch (cause) {
      throw unreadable(path, cause);
    }
    const where = descriptorPath(fd);
    if (where !== undefined && where !== `${this.#realDirectory()}/${path}`) {
      closeSync(fd);
      throw new TsbuildError(
        "COPY_SOURCE_NOT_FOUND",
        `Cannot read "${printable(path)}" of the context: it was moved or replaced while the build ran`,
        { hint: "build again when nothing else writes to the context" },
      );
    }
    return fd;
  }

  #realDirectory(): string {
    this.#real ??= realpathSync(toFsPath(this.#directory), { encoding: "latin1" }).replace(/^\/$/, "");
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

/** Undefined where /proc is not mounted. */
function descriptorPath(fd: number): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`, { encoding: "latin1" });
  } catch {
    return undefined;
  }
}

/** Why a path of the context cannot be looked at, in a sentence. */
export function unreadable(path: Bytes, cause: unknown): TsbuildError {
  const code = errnoOf(cause);
  const denied = code === "EACCES" || code === "EPERM";
  return new TsbuildError(
    "COPY_SOURCE_NOT_FOUND",
    `Cannot read "${printable(path)}" of the context: ${denied ? "permission denied" : (code ?? "it cannot be opened")}`,
    { cause, hint: denied ? "make it readable, or name it in .dockerignore" : undefined },
  );
}
