import { createReadStream } from "node:fs";
import { Hasher, type DiffId } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { parseImageConfig } from "../../image/config.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import { MEDIA_TYPES, type Descriptor, type Manifest } from "../../image/types.ts";
import { decompress } from "../../layers/decompress.ts";
import type { ImageTree, TreeBlob } from "../../outputs/image-tree.ts";
import type { RefTarget, Store } from "../../store/types.ts";

/** As for manifests. */
const MAX_CONFIG = 4 << 20;
const CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig]);

/**
 * Takes an image into the store under some names. Nothing is named before all of it is here, and each layer's content
 * has proved to be what its config says (DiffIDs), as later steps trust the store.
 */
export async function writeToStore(
  store: Store,
  tree: ImageTree,
  names: readonly string[],
  origin: RefTarget["origin"],
  signal: AbortSignal,
): Promise<void> {
  const blobs = new Map(tree.blobs.map((blob) => [blob.descriptor.digest, blob]));
  for (const { raw, descriptor } of [...tree.children, tree.top]) {
    const document = parseManifestOrIndex(raw, descriptor.mediaType);
    if (!("layers" in document)) continue;
    const need = ({ digest }: { digest: Manifest["digest"] }): TreeBlob => {
      const blob = blobs.get(digest);
      if (blob !== undefined) return blob;
      throw new TsbuildError("IMAGE_INVALID", `Cannot take the image: its blob ${digest} is missing`);
    };
    if (CONFIGS.has(document.config.mediaType)) refuseLarge(document.config);
    await bring(store, need(document.config), signal);
    const diffIds = CONFIGS.has(document.config.mediaType)
      ? parseImageConfig(store.blobs.read(document.config.digest)).diffIds
      : undefined;
    if (diffIds !== undefined && diffIds.length !== document.layers.length) {
      throw new TsbuildError(
        "IMAGE_INVALID",
        `Cannot take the image: its manifest has ${document.layers.length} layers, its config ${diffIds.length}`,
      );
    }
    for (const [index, layer] of document.layers.entries()) {
      const { mediaType, digest, size } = layer;
      const diffId = diffIds?.[index];
      await bring(store, need(layer), signal, diffId);
      if (diffId === undefined) continue;
      if (digest === diffId) store.layers.update(diffId, { size });
      else store.layers.update(diffId, { compressed: [{ mediaType, digest, size }] });
    }
  }
  for (const { raw } of [...tree.children, tree.top]) store.blobs.put(raw);
  const { mediaType, digest, size } = tree.top.descriptor;
  for (const name of names) store.refs.set(name, { mediaType, digest, size, time: Date.now(), origin });
}

/** Before a byte of it is fetched: it is read whole. */
function refuseLarge({ digest, size }: Descriptor): void {
  if (size <= MAX_CONFIG) return;
  throw new TsbuildError(
    "IMAGE_INVALID",
    `Cannot take the image: its config ${digest} has ${size} bytes, more than the ${MAX_CONFIG} of a document`,
  );
}

/** Brings a blob into the store; where it is a layer, only if its content has the DiffID. */
async function bring(store: Store, blob: TreeBlob, signal: AbortSignal, diffId?: DiffId): Promise<void> {
  const { digest } = blob.descriptor;
  const check = async (bytes: AsyncIterable<Uint8Array>): Promise<void> => {
    if (diffId === undefined || diffId === digest) {
      for await (const _ of bytes) signal.throwIfAborted();
      return;
    }
    const hasher = new Hasher();
    for await (const chunk of decompress(bytes)) hasher.update(chunk);
    const content = hasher.digest();
    if (content === diffId) return;
    throw new TsbuildError(
      "DIGEST_MISMATCH",
      `Cannot take layer ${digest}: its content is ${content}, not ${diffId}`,
      {
        hint: "the image's config and its layers do not belong together",
      },
    );
  };
  const fromFile = async (path: string): Promise<void> => {
    if (diffId !== undefined && diffId !== digest)
      await check(createReadStream(path, { highWaterMark: 1 << 20 }));
  };
  if (store.blobs.use(digest)) return fromFile(store.blobs.path(digest));
  const own = blob.isOwn === true ? await blob.path?.() : undefined;
  if (own !== undefined) {
    await fromFile(own);
    store.blobs.adopt(own, digest);
    return;
  }
  using writer = store.blobs.create();
  const written = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of blob.open()) {
      signal.throwIfAborted();
      writer.write(chunk);
      yield chunk;
    }
  };
  await check(written());
  writer.commit(digest);
}
