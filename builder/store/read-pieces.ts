import { open } from "node:fs/promises";
import { errnoOf } from "../core/errors.ts";

/** A page of the kernel's read-ahead, and what zlib turns into about as much as the helper takes at once. */
const PIECE = 256 * 1024;

/** A file that is being written: where it is, and until when it grows. */
export interface Growing {
  /** Where it is now. */
  path(): string;
  /** Resolves when so many bytes are there, or all; rejects when it will never be whole. */
  reach(bytes: number): Promise<void>;
}

/**
 * Reads a file from its beginning. A piece is valid until the next one is asked for: the memory is used again, as garbage
 * of this size costs more than the reading. One piece is read while the one before it is looked at.
 */
export async function* readPieces(source: string | Growing): AsyncGenerator<Buffer> {
  const growing = typeof source === "string" ? undefined : source;
  const file = await openNow(source);
  const memory = [Buffer.allocUnsafeSlow(PIECE), Buffer.allocUnsafeSlow(PIECE)] as const;
  let position = 0;
  const read = async (buffer: Buffer): Promise<Buffer> => {
    await growing?.reach(position + PIECE);
    const { bytesRead } = await file.read(buffer, 0, PIECE, position);
    position += bytesRead;
    return buffer.subarray(0, bytesRead);
  };
  try {
    let next = read(memory[0]);
    for (let turn = 1; ; turn++) {
      const piece = await next;
      if (piece.length === 0) return;
      next = read(memory[turn % 2 === 0 ? 0 : 1]);
      // Nobody asks for it where the reader stops here.
      next.catch(() => {});
      yield piece;
    }
  } finally {
    // Waits for what is being read.
    await file.close();
  }
}

/** It may be moved in place, or given up, in this very moment. */
async function openNow(source: string | Growing): ReturnType<typeof open> {
  if (typeof source === "string") return open(source);
  try {
    return await open(source.path());
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
    await source.reach(0);
    return open(source.path());
  }
}
