/**
 * Opens what frees the memory of large buffers at once. V8 lets 64 MB outside of its heap gather before it looks for
 * garbage, in each thread; a closed port takes a buffer away from here and delivers it to nobody.
 */
export async function openDiscard(): Promise<(data: Uint8Array) => void> {
  const { MessageChannel } = await import("node:worker_threads");
  const { port1 } = new MessageChannel();
  port1.close();
  return (data) => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- of windows
    port1.postMessage(null, ownBuffers(data));
  };
}

/**
 * The same for pieces of larger buffers, of which the last piece frees all: for those who read a stream of Node's and are done
 * with each piece before they ask for the next one.
 */
export async function openDiscardPieces(): Promise<(piece: Uint8Array) => void> {
  const discard = await openDiscard();
  return ({ buffer, byteOffset, byteLength }) => {
    const isLast = byteOffset + byteLength === buffer.byteLength;
    // Node cuts small buffers out of a common one.
    if (isLast && buffer.byteLength > Buffer.poolSize) discard(new Uint8Array(buffer));
  };
}

/** The memory that a buffer has for itself; small ones are parts of one that others have parts of. */
export function ownBuffers(data: unknown): ArrayBuffer[] {
  if (!(data instanceof Uint8Array) || !(data.buffer instanceof ArrayBuffer)) return [];
  return data.byteLength === data.buffer.byteLength ? [data.buffer] : [];
}
