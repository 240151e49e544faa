import { availableParallelism } from "node:os";
import { constants, crc32, deflateRaw, type ZlibOptions } from "node:zlib";
import { blocks } from "./blocks.ts";

/** Input per block: the block's bounds depend on nothing else, so that the output is the same for any thread count. */
const BLOCK = 1024 * 1024;
/** As far back as deflate looks: what a block may refer to of the one before. */
const WINDOW = 32 * 1024;

/**
 * gzip whose blocks are compressed at once on libuv's threads and joined as pigz does: each ends in a sync flush and
 * knows the 32 KiB before it. No time, no name, OS byte 255: equal input gives equal bytes.
 */
export async function* gzipStream(source: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  // One more than there are threads, so that none waits while a finished block is written.
  const atOnce = Math.min(availableParallelism(), 4) + 1;
  let checksum = 0;
  let size = 0;
  try {
    yield gzipHeader(level);
    let window: Buffer | undefined;
    for await (const block of blocks(source, BLOCK)) {
      checksum = crc32(block, checksum);
      size += block.length;
      running.push(deflateBlock(block, level, window));
      window = block.subarray(-WINDOW);
      if (running.length >= atOnce) yield await shift(running);
    }
    while (running.length > 0) yield await shift(running);
  } finally {
    // Whoever stops early leaves no block behind whose failure nobody hears.
    await Promise.allSettled(running);
  }
  yield gzipEnd(checksum, size);
}

function shift(running: Promise<Buffer>[]): Promise<Buffer> {
  return running.shift() ?? Promise.resolve(Buffer.alloc(0));
}

/** What a gzip member begins with (RFC 1952). */
export function gzipHeader(level?: number): Buffer {
  const extra = level === 9 ? 2 : level === 1 ? 4 : 0;
  return Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, extra, 255]);
}

/** What it ends with: an empty final block (RFC 1951, 3.2.3, fixed codes), then RFC 1952's checksum and size. */
export function gzipEnd(checksum: number, size: number): Buffer {
  const end = Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  end.writeUInt32LE(checksum, 2);
  end.writeUInt32LE(size % 2 ** 32, 6);
  return end;
}

function deflateBlock(block: Buffer, level: number, dictionary: Buffer | undefined): Promise<Buffer> {
  const options: ZlibOptions = {
    level,
    finishFlush: constants.Z_SYNC_FLUSH,
    chunkSize: BLOCK / 2,
    ...(dictionary === undefined ? {} : { dictionary }),
  };
  return new Promise((resolve, reject) => {
    deflateRaw(block, options, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}
