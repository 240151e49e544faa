import { createReadStream } from "node:fs";
import { Hasher, type DiffId } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { decompress } from "../layers/decompress.ts";
import type { Store } from "../store/types.ts";
import type { Offer } from "./imports.ts";

/**
 * Brings a layer of an imported cache into the store. Nobody vouches for what the cache says, so its content is hashed on
 * the way as well: a blob that is not the layer never comes to stand for it.
 */
export async function fetchLayer(
  store: Store,
  diffId: DiffId,
  { source, blob }: Offer,
  signal: AbortSignal,
  progress: (bytes: number) => void,
): Promise<void> {
  const hasher = new Hasher();
  const content = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    for await (const chunk of decompress(bytes)) hasher.update(chunk);
    if (hasher.digest() !== diffId) throw mismatch(diffId, source.label, "its content is another");
  };
  if (store.blobs.has(blob.digest)) return content(createReadStream(store.blobs.path(blob.digest)));
  using writer = store.blobs.create();
  const written = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source.open(blob, signal)) {
      signal.throwIfAborted();
      if (writer.size + chunk.length > blob.size) throw mismatch(blob.digest, source.label, "it is longer");
      writer.write(chunk);
      progress(writer.size);
      yield chunk;
    }
  };
  await content(written());
  writer.commit(blob.digest);
}

function mismatch(digest: string, label: string, state: string): TsbuildError {
  return new TsbuildError("DIGEST_MISMATCH", `Cannot use ${digest} of the cache ${label}: ${state}`);
}
