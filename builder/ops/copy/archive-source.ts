import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { toFsPath } from "../../core/bytes.ts";
import type { Content } from "../../core/entry.ts";
import { isTarHeader, TAR_HEAD } from "../../layers/detect-tar.ts";

const CHUNK = 1 << 20;

/** The bytes of a file, uncompressed where they are compressed in a way that ADD knows. */
export async function* openArchive(content: Content): AsyncGenerator<Buffer> {
  // Only ADD of a local file needs it: a cached build must not pay for loading it.
  const { decompress } = await import("../../layers/decompress.ts");
  yield* decompress(readContent(content));
}

/**
 * Whether a file is an archive: its content decides and not its name. Empty and damaged files, and compressed files that
 * hold no tar, are files like any other.
 */
export async function isArchive(content: Content): Promise<boolean> {
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of openArchive(content)) {
      head = Buffer.concat([head, chunk.subarray(0, TAR_HEAD)]);
      if (head.length >= TAR_HEAD) return isTarHeader(head);
    }
  } catch {
    return false; // It cannot be uncompressed: copying it will say so, if it cannot even be read.
  }
  return false;
}

async function* readContent(content: Content): AsyncGenerator<Buffer> {
  if (content.kind === "bytes") {
    yield Buffer.from(content.data.buffer, content.data.byteOffset, content.data.byteLength);
    return;
  }
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(content.kind === "file" ? toFsPath(content.path) : content.path, flags);
  try {
    let [at, left] = content.kind === "range" ? [content.offset, content.size] : [0, Infinity];
    while (left > 0) {
      // Not a stream: who leaves one early has its descriptor closed later, when it may be that of another file.
      const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(CHUNK), 0, Math.min(CHUNK, left), at);
      if (bytesRead === 0) return;
      at += bytesRead;
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}
