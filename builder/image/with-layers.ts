import { parseJson } from "../core/json.ts";
import { layerMediaType } from "./layer-types.ts";
import { MEDIA_TYPES, type Descriptor, type Manifest } from "./types.ts";

/** A manifest whose layers go out in other forms; all else in it stays, known or not. */
export function withLayers(
  manifest: Manifest,
  layers: readonly Pick<Descriptor, "mediaType" | "digest" | "size">[],
): Buffer {
  const document = parseJson(manifest.raw, "the manifest") as { layers: readonly object[] };
  const format = manifest.mediaType === MEDIA_TYPES.dockerManifest ? "docker" : "oci";
  document.layers = layers.map(({ mediaType, digest, size }, index) => ({
    ...document.layers[index],
    mediaType: layerMediaType(mediaType, format) ?? mediaType,
    digest,
    size,
  }));
  return Buffer.from(JSON.stringify(document, undefined, 2));
}
