import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { toFsPath } from "../../core/bytes.ts";
import type { Content } from "../../core/entry.ts";

const BLOCK = 512;
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
      head = Buffer.concat([head, chunk.subarray(0, BLOCK)]);
      if (head.length >= BLOCK) return isTarHeader(head.subarray(0, BLOCK));
    }
  } catch {
    return false; // It cannot be uncompressed: copying it will say so, if it cannot even be read.
  }
  return false;
}

/** Where the checksum of a header stands, itself counted as spaces (POSIX pax, ustar header block). */
const CHECKSUM = 148;
const CHECKSUM_LENGTH = 8;

function isTarHeader(block: Buffer): boolean {
  const field = block.toString("latin1", CHECKSUM, CHECKSUM + CHECKSUM_LENGTH);
  const digits = /^[ \0]*([0-7]+)[ \0]*$/.exec(field)?.[1];
  if (digits === undefined) return false;
  const expected = Number.parseInt(digits, 8);
  let unsigned = 0;
  let signed = 0;
  for (const [at, byte] of block.entries()) {
    const counted = at >= CHECKSUM && at < CHECKSUM + CHECKSUM_LENGTH ? 0x20 : byte;
    unsigned += counted;
    signed += counted > 0x7f ? counted - 0x100 : counted;
  }
  // Old tars added the bytes up as signed ones.
  return expected === unsigned || expected === signed;
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
