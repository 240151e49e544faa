import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { printable, toFsPath } from "../core/bytes.ts";
import { Hasher, sha256, type Digest } from "../core/digest.ts";
import type { Content } from "../core/entry.ts";
import { TsbuildError, messageOf, type ErrorCode } from "../core/errors.ts";

/** Puts bytes into `length` bytes of `buffer` from `at` on and says how many; 0 at the end. */
export type Read = (buffer: Buffer, at: number, length: number) => number;

const SLICE = 1024 * 1024;

// A link or a fifo that took a file's place since the walk must neither be followed nor waited for.
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads contents synchronously, one after the other: async calls on small files cost four times as much. */
export class ContentReader implements Disposable {
  /** A layer's tar stays open: its files are often read one after the other. */
  #tar: { readonly path: string; readonly fd: number } | undefined;

  /** Gives the bytes of a content to `use`, which calls `read` until it has them all. */
  with<T>(content: Content, use: (read: Read) => T): T {
    switch (content.kind) {
      case "bytes":
        return use(readerOf(content.data));
      case "range":
        return use(this.#range(content));
      case "file": {
        const fd = open(toFsPath(content.path), content.path);
        try {
          const result = use((buffer, at, length) => read(fd, buffer, at, length, null, content.path));
          if (content.watch !== undefined) content.watch.checked(content.id ?? 0, fstatSync(fd));
          return result;
        } finally {
          closeSync(fd);
        }
      }
    }
  }

  /** The same for a big content, where `use` lets others have their turn. */
  async withSlowly<T>(content: Content, use: (read: Read) => Promise<T>): Promise<T> {
    if (content.kind !== "file") return this.with(content, use);
    const fd = open(toFsPath(content.path), content.path);
    try {
      const result = await use((buffer, at, length) => read(fd, buffer, at, length, null, content.path));
      if (content.watch !== undefined) content.watch.checked(content.id ?? 0, fstatSync(fd));
      return result;
    } finally {
      closeSync(fd);
    }
  }

  [Symbol.dispose](): void {
    if (this.#tar !== undefined) closeSync(this.#tar.fd);
    this.#tar = undefined;
  }

  #range({ path, offset, size }: Extract<Content, { kind: "range" }>): Read {
    if (this.#tar?.path !== path) {
      this[Symbol.dispose]();
      this.#tar = { path, fd: open(path, path, "STORE_INVALID") };
    }
    const { fd } = this.#tar;
    let done = 0;
    return (buffer, at, length) => {
      const wanted = Math.min(length, size - done);
      if (wanted === 0) return 0;
      const got = read(fd, buffer, at, wanted, offset + done, path);
      if (got === 0) {
        throw new TsbuildError(
          "STORE_INVALID",
          `Cannot read the layer "${path}": the file is shorter than its index says`,
          {
            hint: "the store is damaged: remove it, or set TSBUILD_ROOT to a new directory",
          },
        );
      }
      done += got;
      return got;
    };
  }
}

/** sha256 of a content; of a file, what it holds now. */
export function hashContent(content: Content): Digest {
  if (content.kind === "bytes") return sha256(content.data);
  using reader = new ContentReader();
  return reader.with(content, (read) => {
    const hasher = new Hasher();
    const size = content.kind === "range" ? Math.min(content.size, SLICE) : SLICE;
    const buffer = Buffer.allocUnsafe(size);
    for (let got = size > 0 ? read(buffer, 0, size) : 0; got > 0; got = read(buffer, 0, size)) {
      hasher.update(buffer.subarray(0, got));
    }
    return hasher.digest();
  });
}

function readerOf(data: Uint8Array): Read {
  let done = 0;
  return (buffer, at, length) => {
    const part = data.subarray(done, done + length);
    buffer.set(part, at);
    done += part.length;
    return part.length;
  };
}

function open(path: string | Buffer, name: string, code: ErrorCode = "CONTEXT_NOT_FOUND"): number {
  try {
    return openSync(path, OPEN_FLAGS);
  } catch (cause) {
    throw new TsbuildError(code, `Cannot read "${printable(name)}": ${messageOf(cause)}`, { cause });
  }
}

function read(
  fd: number,
  buffer: Buffer,
  at: number,
  length: number,
  position: number | null,
  name: string,
): number {
  try {
    return readSync(fd, buffer, at, length, position);
  } catch (cause) {
    throw new TsbuildError("CONTEXT_NOT_FOUND", `Cannot read "${printable(name)}": ${messageOf(cause)}`, {
      cause,
    });
  }
}
