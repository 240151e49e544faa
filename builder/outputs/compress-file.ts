import { open } from "node:fs/promises";
import { gzipStream } from "../layers/gzip.ts";
import { zstdStream } from "../layers/zstd-frames.ts";

/** As `zstd` itself. */
const USUAL_ZSTD = 3;
const READ_SIZE = 1 << 20;

/** How it is worked on, whatever comes of it. */
export interface Packing {
  readonly signal?: AbortSignal;
  /** Steps run meanwhile: they go first. */
  readonly aside?: boolean;
}

/** How a file is to be compressed. */
export interface Wanted extends Packing {
  readonly compression: "gzip" | "zstd";
  readonly level: number | undefined;
}

/** A file, compressed. The levels of gzip are zlib's; without one it is the helper's, which is faster and as small as level 6 but for 3 %. */
export async function* compressFile(
  path: string,
  { compression, level, aside, signal }: Wanted,
): AsyncGenerator<Uint8Array> {
  if (compression === "gzip" && level === undefined) {
    const { gzipFile } = await import("../../runtime/deflate/gzip-file.ts");
    return yield* gzipFile(path, aside);
  }
  const source = bytesOf(path);
  if (compression === "zstd") yield* zstdStream(source, level ?? USUAL_ZSTD, signal);
  else if (level !== undefined) yield* gzipStream(source, level);
}

/** In one buffer again and again: a stream's would wait for the garbage collector, which sees small objects alone. */
async function* bytesOf(path: string): AsyncGenerator<Buffer> {
  await using file = await open(path);
  const buffer = Buffer.allocUnsafeSlow(READ_SIZE);
  for (;;) {
    const { bytesRead } = await file.read(buffer);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
  }
}
