/**
 * The same pieces, the last one only when the source has ended well: who counts bytes stops reading before a source could
 * say that they were the wrong ones.
 */
export async function* heldBack(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer | undefined;
  for await (const piece of source) {
    if (held !== undefined) yield held;
    held = piece;
  }
  if (held !== undefined) yield held;
}
