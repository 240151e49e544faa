import { readSync, writeSync } from "node:fs";

/** The bytes of a part of a file, in pieces that are read into `memory` one after the other. */
export function* piecesOf(fd: number, offset: number, size: number, memory: Buffer): Iterable<Uint8Array> {
  for (let done = 0; done < size;) {
    const got = readSync(fd, memory, 0, Math.min(memory.length, size - done), offset + done);
    if (got === 0) throw new Error("the file that it is copied from is shorter than was said");
    yield memory.subarray(0, got);
    done += got;
  }
}

/** Writes all of it at a position. */
export function writeAt(fd: number, data: Uint8Array, at: number): void {
  for (let done = 0; done < data.length;) done += writeSync(fd, data, done, data.length - done, at + done);
}
