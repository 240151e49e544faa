import { throughZlib, type ZlibStream } from "./zlib-stream.ts";

/** Node 22.15 and later have zstd inside. */
interface NativeZstd {
  readonly createZstdDecompress?: (options: object) => ZlibStream;
}

/** zstd, by Node where it can, else by ourselves. A piece is valid until the next one is asked for. */
export async function* unzstd(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  // Loaded here: most builds read no zstd, and zlib takes a millisecond.
  const native = (await import("node:zlib")) as unknown as NativeZstd;
  if (native.createZstdDecompress !== undefined) {
    yield* throughZlib(source, native.createZstdDecompress({ chunkSize: 256 * 1024 }));
    return;
  }
  const { decodeFrames } = await import("./zstd/frames.ts");
  yield* decodeFrames(source);
}
