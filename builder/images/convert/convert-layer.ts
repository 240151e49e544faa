import { closeSync, createReadStream, openSync, rmSync, statSync, writeSync } from "node:fs";
import { Hasher, type DiffId } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { compressionOf, type LayerCompression } from "../../image/layer-types.ts";
import { MEDIA_TYPES } from "../../image/types.ts";
import { decompress } from "../../layers/decompress.ts";
import { compressFile } from "../../outputs/compress-file.ts";
import type { TreeBlob } from "../../outputs/image-tree.ts";
import type { Session } from "../../session/session.ts";

const TYPES: Readonly<Record<LayerCompression, string>> = {
  uncompressed: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
  zstd: MEDIA_TYPES.ociLayerZstd,
};

/** A layer compressed as it is wanted, undefined: as it is. Its content has to be what its image's config says. */
export type ConvertLayer = (
  blob: TreeBlob,
  compression: LayerCompression | undefined,
  diffId: DiffId | undefined,
) => Promise<TreeBlob>;

/** Converts layers in files of this session, each once, as many side by side as there are processors. */
export function layerConverter(
  { store, slots }: Session,
  level: number | undefined,
  signal: AbortSignal,
): ConvertLayer {
  const made = new Map<string, Promise<TreeBlob>>();
  const convert = async (
    blob: TreeBlob,
    compression: LayerCompression,
    diffId: DiffId | undefined,
  ): Promise<TreeBlob> => {
    const plain = store.tempPath("layer");
    const content = await writeFile(plain, decompress(blob.open()), signal);
    if (diffId !== undefined && content !== diffId) {
      throw new TsbuildError(
        "DIGEST_MISMATCH",
        `Cannot convert layer ${blob.descriptor.digest}: its content is ${content}, not ${diffId}`,
        { hint: "the image's config and its layers do not belong together" },
      );
    }
    if (compression === "uncompressed") return fileBlob(plain, content, compression);
    const packed = store.tempPath("layer");
    const digest = await writeFile(packed, compressFile(plain, { compression, level, signal }), signal);
    rmSync(plain);
    return fileBlob(packed, digest, compression);
  };
  return (blob, compression, diffId) => {
    const { mediaType, digest } = blob.descriptor;
    if (compression === undefined || compression === compressionOf(mediaType)) return Promise.resolve(blob);
    const key = `${digest} ${compression}`;
    const known = made.get(key) ?? slots.use("cpu", signal, () => convert(blob, compression, diffId));
    made.set(key, known);
    return known;
  };
}

async function writeFile(
  path: string,
  source: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<DiffId> {
  const hasher = new Hasher();
  const file = openSync(path, "wx", 0o600);
  try {
    for await (const chunk of source) {
      signal.throwIfAborted();
      hasher.update(chunk);
      for (let done = 0; done < chunk.length;) done += writeSync(file, chunk, done);
    }
  } finally {
    closeSync(file);
  }
  return hasher.digest() as DiffId;
}

function fileBlob(path: string, digest: DiffId, compression: LayerCompression): TreeBlob {
  return {
    descriptor: { mediaType: TYPES[compression], digest, size: statSync(path).size },
    sources: [],
    path: async () => path,
    isOwn: true,
    open: () => createReadStream(path, { highWaterMark: 1 << 20 }),
  };
}
