import { throughZlib, type ZlibStream } from "./zlib-stream.ts";

/** Node 22.15 and later have zstd inside. */
interface NativeZstd {
  readonly createZstdDecompress?: (options: object) => ZlibStream;
}

/**
 * zstd. Node's, where it has one, is given frame by frame, as that of Node 22 ends with the first; it keeps all of a window in
 * memory, so that what looks back far is decoded by ourselves. A piece is valid until the next one is asked for.
 */
export async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // Loaded here: most builds read no zstd, and zlib takes a millisecond.
  const [zlib, { decodeFrames }] = await Promise.all([import("node:zlib"), import("./zstd/frames.ts")]);
  const { createZstdDecompress } = zlib as unknown as NativeZstd;
  yield* decodeFrames(
    source,
    createZstdDecompress && ((frame) => throughZlib(frame, createZstdDecompress({ chunkSize: 256 * 1024 }))),
  );
}
