import { ReadableStream } from "node:stream/web";
import { invalid } from "./tar-extract.ts";

const MAGIC = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]);
const FOOTER = [0x59, 0x5a] as const;
/** xz-decompress takes as much at once, and does not say how much of it lay behind the end. */
const PIECE = 64 * 1024;

/** xz for ADD, by xz-embedded as WebAssembly. */
export async function* unxz(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  const { default: xz } = await import("xz-decompress");
  const pieces = cut(source);
  let last: Buffer = Buffer.alloc(0);
  try {
    for (let first = true; ; first = false) {
      const begun = last;
      let fed = 0;
      // At the end of a stream the decoder asks once more and stops: a source at which it goes on asking was cut off.
      let asked = 0;
      const input = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            const next = fed === 0 && begun.length > 0 ? { done: false, value: begun } : await pieces.next();
            if (next.done === true && ++asked > 1) controller.error(invalid("its xz data ends too early"));
            else if (next.done === true) controller.enqueue(new Uint8Array());
            else {
              fed++;
              last = next.value;
              controller.enqueue(next.value);
            }
          },
        },
        { highWaterMark: 0 },
      );
      for await (const chunk of new xz.XzReadableStream(input as never)) {
        if (chunk.length > 0) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      }
      if (first && fed === 0) return;
      const following = nextStream(last, fed === 1 ? MAGIC.length : 0);
      last = following ?? (await skipZeros(pieces));
      if (last.length === 0) return;
    }
  } finally {
    await pieces.return(undefined);
  }
}

/** Where in the last piece another stream begins, behind the footer of the one that ended. */
function nextStream(piece: Buffer, from: number): Buffer | undefined {
  for (let at = piece.indexOf(MAGIC, from); at >= 0; at = piece.indexOf(MAGIC, at + 1)) {
    let end = at;
    while (end > 0 && piece[end - 1] === 0) end--;
    if (end < 2 || (piece[end - 2] === FOOTER[0] && piece[end - 1] === FOOTER[1])) return piece.subarray(at);
  }
  return undefined;
}

/** The first piece that is more than padding. */
async function skipZeros(pieces: AsyncGenerator<Buffer>): Promise<Buffer> {
  for (;;) {
    const next = await pieces.next();
    if (next.done === true) return Buffer.alloc(0);
    const begin = next.value.findIndex((byte) => byte !== 0);
    if (begin >= 0) return next.value.subarray(begin);
  }
}

/** Copies: WebAssembly's reader may look at a piece after the source used its buffer again. */
async function* cut(source: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; at += PIECE) yield Buffer.from(chunk.subarray(at, at + PIECE));
  }
}
