import { sha256 } from "../core/digest.ts";
import { buildIndex } from "../image/build.ts";
import { MEDIA_TYPES, type Index } from "../image/types.ts";
import type { BlobName } from "./assemble.ts";
import type { AssembledSet } from "./assemble-set.ts";

/** An index that has its document, with the images that it names, in its order: it stays where all of them stay as they are. */
export function storedIndex<Blob extends BlobName>(
  index: Index,
  sets: readonly AssembledSet<Blob>[],
): AssembledSet<Blob> {
  const manifests = index.manifests.map((descriptor, at) => ({ ...descriptor, ...sets[at]?.top.descriptor }));
  const same = manifests.every(({ digest }, at) => digest === index.manifests[at]?.digest);
  const format = index.mediaType === MEDIA_TYPES.dockerIndex ? "docker" : "oci";
  const raw = same ? index.raw : buildIndex({ format, manifests, annotations: index.annotations });
  return {
    images: sets.flatMap(({ images }) => images),
    top: { raw, descriptor: { mediaType: index.mediaType, digest: sha256(raw), size: raw.length } },
  };
}
