import { openDiscardPieces } from "../core/discard.ts";

/** One of zlib's streams: its chunks are what was allocated for them, or parts of it in their order. */
export type ZlibStream = NodeJS.ReadWriteStream & AsyncIterable<Buffer> & { destroy(error?: Error): unknown };

/**
 * A source put through one of zlib's streams; a failure of either ends both. The source may use a piece's memory again when
 * it is asked for the next one. So may this: zlib allocates its output piece by piece, and left to the garbage collector
 * that costs as much time as inflating.
 */
export async function* throughZlib(
  source: AsyncIterable<Uint8Array>,
  stream: ZlibStream,
): AsyncGenerator<Buffer> {
  const discard = await openDiscardPieces();
  // The loop below throws what went wrong.
  void feed(source, stream).catch((error: Error) => stream.destroy(error));
  for await (const chunk of stream) {
    yield chunk;
    discard(chunk);
  }
}

/** Whoever reads hears what goes wrong; here it is only the end. */
async function feed(source: AsyncIterable<Uint8Array>, stream: ZlibStream): Promise<void> {
  // What follows the end of a gzip stream is not taken, and never said to be.
  let go: (() => void) | undefined;
  stream.once("close", () => go?.());
  for await (const piece of source) {
    await new Promise<void>((resolve) => {
      go = resolve;
      stream.write(piece, () => resolve());
    });
    if (!stream.writable) return;
  }
  stream.end();
}
