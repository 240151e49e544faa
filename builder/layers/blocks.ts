/**
 * The bytes again in blocks of one size, the last one smaller; copied, as sources use their buffers again. `allocate` is
 * asked for the next block when the reader has done with the one before.
 */
export async function* blocks(
  source: AsyncIterable<Uint8Array>,
  size: number,
  allocate = (): Buffer => Buffer.allocUnsafeSlow(size),
): AsyncGenerator<Buffer> {
  let block = allocate();
  let used = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length;) {
      const part = chunk.subarray(at, at + size - used);
      block.set(part, used);
      used += part.length;
      at += part.length;
      if (used < size) continue;
      yield block;
      block = allocate();
      used = 0;
    }
  }
  if (used > 0) yield block.subarray(0, used);
}
