import { invalid } from "./invalid-archive.ts";

/** xz for ADD, one stream after the other, by xz-embedded as WebAssembly. */
export async function* unxz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { default: xz } = await import("xz-decompress");
  const chunks = source[Symbol.asyncIterator]();
  let ended = false;
  const input = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        // At the end of a stream the decoder asks for more and is content with nothing. In the middle it asks for ever.
        if (ended) return controller.error(invalid("its xz data ends too early"));
        const next = await chunks.next();
        ended = next.done === true;
        // A copy: the decoder may look at it after the source used its buffer again.
        controller.enqueue(next.done === true ? new Uint8Array() : Uint8Array.from(next.value));
      },
    },
    { highWaterMark: 0 },
  );
  try {
    for await (const chunk of new xz.XzReadableStream(input)) {
      if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    }
  } finally {
    if (!ended) await chunks.return?.();
  }
}
