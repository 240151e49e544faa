import { parseJson } from "../core/json.ts";
import { MEDIA_TYPES, type Descriptor, type ImageFormat, type Index } from "./types.ts";

/**
 * An index whose manifests are others now, one for each that it had, undefined for those that are not in it any more; what
 * else it says stays, known or not, as far as the format can say it.
 */
export function withManifests(
  index: Index,
  manifests: readonly (Pick<Descriptor, "mediaType" | "digest" | "size"> | undefined)[],
  format: ImageFormat = index.mediaType === MEDIA_TYPES.dockerIndex ? "docker" : "oci",
): Buffer {
  const document = parseJson(index.raw, "the index") as Record<string, unknown> & { manifests: object[] };
  const list = document.manifests.flatMap((one, at) => {
    const now = manifests[at];
    if (now === undefined) return [];
    const { mediaType, digest, size } = now;
    return [plain({ ...one, mediaType, digest, size }, format)];
  });
  const mediaType = format === "docker" ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex;
  return Buffer.from(
    JSON.stringify(plain({ ...document, mediaType, manifests: list }, format), undefined, 2),
  );
}

/** docker's manifest lists have no annotations (distribution, manifest-v2-2). */
function plain(document: object, format: ImageFormat): object {
  return format === "docker" ? { ...document, annotations: undefined } : document;
}
