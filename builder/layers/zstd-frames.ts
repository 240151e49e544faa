import { openDiscard } from "../core/discard.ts";
import { secondThread } from "../core/second-thread.ts";
import { blocks } from "./blocks.ts";

/**
 * Input per frame. Frames stand for themselves (RFC 8878, 3), so a layer is compressed in bounded memory by a function
 * that knows no streams; at this size they cost no space against one frame for all, and readers need a window no larger.
 */
const FRAME = 2 * 1024 * 1024;
/** Less is done sooner than a thread is started. */
const SMALL = 512 * 1024;
/** One is compressed while the next is read. */
const AT_ONCE = 2;

/**
 * zstd by one WebAssembly build of it, also where Node has zstd itself: equal input gives equal bytes on every Node, which
 * versions of zstd do not. All but a small layer is compressed in the second thread: at high levels a frame takes a
 * second, in which this one goes on to draw and to listen; `signal` ends that at once. A frame
 * is gone when the next one is asked for.
 */
export async function* zstdStream(
  source: AsyncIterable<Uint8Array>,
  level: number,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const running: Promise<Buffer>[] = [];
  // Both threads see them, and they are used in turns: neither copies, and nothing waits for the garbage collector.
  const memory = Array.from({ length: AT_ONCE }, () => new SharedArrayBuffer(FRAME));
  let turn = 0;
  const discard = await openDiscard();
  const allocate = (): Buffer => Buffer.from(memory[turn++ % AT_ONCE] ?? new SharedArrayBuffer(FRAME));
  let empty = true;
  const next = async function* (): AsyncGenerator<Buffer> {
    const frame = await running.shift();
    if (frame === undefined) return;
    yield frame;
    discard(frame);
  };
  for await (const block of blocks(source, FRAME, allocate)) {
    empty = false;
    const frame = frameOf(block, level, signal);
    // Should an earlier one fail, or whoever reads stop, nobody waits for this one.
    frame.catch(() => {});
    running.push(frame);
    if (running.length === AT_ONCE) yield* next();
  }
  if (empty) yield await frameOf(Buffer.alloc(0), level);
  while (running.length > 0) yield* next();
}

/** One frame, here and now. */
export async function compressFrame(block: Uint8Array, level: number): Promise<Buffer> {
  const { default: zstd } = await import("@foxglove/wasm-zstd");
  await zstd.isLoaded;
  return zstd.compress(block, level);
}

async function frameOf(block: Buffer, level: number, signal?: AbortSignal): Promise<Buffer> {
  const thread = block.length < SMALL ? undefined : await secondThread();
  if (thread === undefined) return compressFrame(block, level);
  const frame = await thread.ask("zstd-frame", { block, level }, signal);
  return Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength);
}
