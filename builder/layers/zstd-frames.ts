import { blocks } from "./blocks.ts";

/**
 * Input per frame. Frames stand for themselves (RFC 8878, 3), so a layer is compressed in bounded memory by a function
 * that knows no streams; at this size they cost no space against one frame for all, and readers need a window no larger.
 */
const FRAME = 4 * 1024 * 1024;

/**
 * zstd by one WebAssembly build of it, also where Node has zstd itself: equal input gives equal bytes on every Node, which
 * versions of zstd do not.
 */
export async function* zstdStream(source: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Buffer> {
  const { default: zstd } = await import("@foxglove/wasm-zstd");
  await zstd.isLoaded;
  let empty = true;
  for await (const block of blocks(source, FRAME)) {
    empty = false;
    yield zstd.compress(block, level);
    // Each frame takes 15 ms: the rest of the process has its turn in between.
    await new Promise(setImmediate);
  }
  if (empty) yield zstd.compress(new Uint8Array(), level);
}
