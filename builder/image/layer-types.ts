import { MEDIA_TYPES, type ImageFormat } from "./types.ts";

/** What a layer's blob is compressed with, as far as its media type says. */
export type LayerCompression = "uncompressed" | "gzip" | "zstd";

type Names = Readonly<Record<LayerCompression, string>>;

const OCI: Names = {
  uncompressed: MEDIA_TYPES.ociLayer,
  gzip: MEDIA_TYPES.ociLayerGzip,
  zstd: MEDIA_TYPES.ociLayerZstd,
};
/** docker's schema 2 has no zstd: what calls itself so is read by BuildKit alone. */
const DOCKER: Omit<Names, "zstd"> = {
  uncompressed: MEDIA_TYPES.dockerLayer,
  gzip: MEDIA_TYPES.dockerLayerGzip,
};
/**
 * Layers that registries once did not pass on. The OCI took the word back, and BuildKit gives them their plain type as
 * well: whoever has the bytes may send them.
 */
const NOT_DISTRIBUTED: Readonly<Record<string, LayerCompression>> = {
  "application/vnd.oci.image.layer.nondistributable.v1.tar": "uncompressed",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip": "gzip",
  "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd": "zstd",
  "application/vnd.docker.image.rootfs.foreign.diff.tar": "uncompressed",
  "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip": "gzip",
};
const BY_TYPE: ReadonlyMap<string, LayerCompression> = new Map([
  ...[OCI, DOCKER].flatMap((names) =>
    Object.entries(names).map(([compression, type]) => [type, compression as LayerCompression] as const),
  ),
  ...Object.entries(NOT_DISTRIBUTED),
]);

/** The compression that a media type names; undefined where it names no layer. */
export function compressionOf(mediaType: string): LayerCompression | undefined {
  return BY_TYPE.get(mediaType);
}

/** A layer's media type in a format; undefined where the format has none for it. */
export function layerMediaType(mediaType: string, format: ImageFormat): string | undefined {
  const compression = compressionOf(mediaType);
  if (compression === undefined) return format === "oci" ? mediaType : undefined;
  return format === "oci" ? OCI[compression] : compression === "zstd" ? undefined : DOCKER[compression];
}
