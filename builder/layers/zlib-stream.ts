import { pipeline } from "node:stream";

/** A source put through one of zlib's streams; a failure of either ends both. */
export async function* throughZlib(
  source: AsyncIterable<Uint8Array>,
  stream: NodeJS.ReadWriteStream & AsyncIterable<Buffer>,
): AsyncGenerator<Buffer> {
  pipeline(source, stream, () => {
    // The loop below throws what went wrong.
  });
  for await (const chunk of stream) yield chunk;
}
