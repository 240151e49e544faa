import { Hasher, type DiffId } from "../core/digest.ts";
import { openDiscardPieces } from "../core/discard.ts";
import { TsbuildError } from "../core/errors.ts";
import { decompress } from "../layers/decompress.ts";
import { readPieces } from "../store/read-pieces.ts";
import type { Store } from "../store/types.ts";
import type { Offer } from "./imports.ts";

export interface FetchingLayer {
  readonly signal: AbortSignal;
  /** Bytes that have come. */
  progress(bytes: number): void;
  /** Told once what arrives, as it arrives: not verified yet. */
  onArrival(bytes: AsyncIterable<Uint8Array>): void;
}

/**
 * Brings a layer of an imported cache into the store. Nobody vouches for what the cache says, so its content is hashed on
 * the way as well: a blob that is not the layer never comes to stand for it.
 */
export async function fetchLayer(
  store: Store,
  diffId: DiffId,
  offer: Offer,
  fetching: FetchingLayer,
): Promise<void> {
  const { mediaType, digest, size } = offer.blob;
  const check = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    const hasher = new Hasher();
    for await (const chunk of decompress(bytes)) hasher.update(chunk);
    if (hasher.digest() !== diffId) throw mismatch(diffId, offer, "its content is another");
  };
  if (store.blobs.use(digest)) await check(readPieces(store.blobs.path(digest)));
  else await receive(store, offer, fetching, check);
  store.layers.update(diffId, digest === diffId ? { size } : { compressed: [{ mediaType, digest, size }] });
}

async function receive(
  store: Store,
  offer: Offer,
  { signal, progress, onArrival }: FetchingLayer,
  check: (bytes: AsyncIterable<Uint8Array>) => Promise<void>,
): Promise<void> {
  const { source, blob } = offer;
  const hasher = new Hasher();
  using incoming = store.blobs.receive(blob.digest);
  onArrival(incoming.arriving());
  const discard = await openDiscardPieces();
  const written = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.open(blob, signal)) {
      signal.throwIfAborted();
      if (incoming.size + chunk.length > blob.size) throw mismatch(blob.digest, offer, "it is longer");
      hasher.update(chunk);
      incoming.write(chunk);
      progress(incoming.size);
      yield chunk;
      discard(chunk);
    }
  };
  await check(written());
  if (hasher.digest() !== blob.digest) throw mismatch(blob.digest, offer, "it has other bytes");
  incoming.commit();
}

function mismatch(digest: string, { source }: Offer, state: string): TsbuildError {
  return new TsbuildError("DIGEST_MISMATCH", `Cannot use ${digest} of the cache ${source.label}: ${state}`);
}
