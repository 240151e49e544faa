import { sha256, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { buildConfig, buildManifest, type ImageFormat } from "../image/build.ts";
import { MEDIA_TYPES, type Descriptor, type Image } from "../image/types.ts";
import type { Layer, LayerBlob, RootFs } from "../layers/types.ts";
import type { BuiltImage } from "./types.ts";

/** What a manifest says of a blob. */
type BlobName = Omit<LayerBlob, "path">;

/** An image as its destination will have it: the documents, and the layers, by default as files. */
export interface Assembled<Blob extends BlobName = LayerBlob> {
  readonly config: Buffer;
  readonly configDescriptor: Descriptor;
  readonly manifest: Buffer;
  readonly manifestDescriptor: Descriptor;
  readonly layers: readonly Blob[];
}

const DOCKER_LAYERS: Readonly<Record<string, string>> = {
  [MEDIA_TYPES.ociLayer]: MEDIA_TYPES.dockerLayer,
  [MEDIA_TYPES.ociLayerGzip]: MEDIA_TYPES.dockerLayerGzip,
};
const OCI_LAYERS: Readonly<Record<string, string>> = {
  [MEDIA_TYPES.dockerLayer]: MEDIA_TYPES.ociLayer,
  [MEDIA_TYPES.dockerLayerGzip]: MEDIA_TYPES.ociLayerGzip,
};

/** Makes config and manifest; `form` chooses in which form each layer goes out. */
export async function assemble<Blob extends BlobName>(
  image: BuiltImage,
  format: ImageFormat,
  form: (layer: Layer) => Promise<Blob>,
): Promise<Assembled<Blob>> {
  const [diffIds, layers] = await Promise.all([
    Promise.all(image.rootfs.map((layer) => layer.diffId())),
    Promise.all(image.rootfs.map(form)),
  ]);
  checkHistory(image);
  const config = buildConfig({
    platform: image.platform,
    created: image.created,
    ...(image.author === undefined ? {} : { author: image.author }),
    config: image.config,
    diffIds,
    history: image.history,
    ...(image.inlineCache === undefined ? {} : { inlineCache: image.inlineCache }),
  });
  const configType = format === "docker" ? MEDIA_TYPES.dockerConfig : MEDIA_TYPES.ociConfig;
  const configDescriptor = describe(configType, config);
  const typed = layers.map((layer) => ({ ...layer, mediaType: layerType(layer.mediaType, format) }));
  const manifest = buildManifest({
    format,
    config: configDescriptor,
    layers: typed.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
  });
  const manifestType = format === "docker" ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  return {
    config,
    configDescriptor,
    manifest,
    manifestDescriptor: describe(manifestType, manifest),
    layers: typed,
  };
}

/** The same for an image that has its documents: its config stays as it is, its manifest where all layers do. */
export async function assembleStored<Blob extends BlobName>(
  image: Image,
  rootfs: RootFs,
  form: (layer: Layer) => Promise<Blob>,
): Promise<Assembled<Blob>> {
  const layers = await Promise.all(rootfs.map(form));
  const { manifest } = image;
  const same = layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest);
  const raw = same
    ? manifest.raw
    : buildManifest({
        format: "oci",
        config: { ...manifest.config, mediaType: MEDIA_TYPES.ociConfig },
        layers: layers.map(({ mediaType, digest, size }) => ({
          mediaType: layerType(mediaType, "oci"),
          digest,
          size,
        })),
      });
  return {
    config: image.config.raw,
    configDescriptor: manifest.config,
    manifest: raw,
    manifestDescriptor: describe(same ? manifest.mediaType : MEDIA_TYPES.ociManifest, raw),
    layers,
  };
}

/** docker's image id of what was assembled. */
export function imageIdOf(assembled: Pick<Assembled, "configDescriptor">): Digest {
  return assembled.configDescriptor.digest;
}

function describe(mediaType: string, data: Buffer): Descriptor {
  return { mediaType, digest: sha256(data), size: data.length };
}

function layerType(mediaType: string, format: ImageFormat): string {
  return (format === "docker" ? DOCKER_LAYERS : OCI_LAYERS)[mediaType] ?? mediaType;
}

/** Readers pair history with layers by counting: a wrong count would make every tool blame the image. */
function checkHistory(image: BuiltImage): void {
  const filled = image.history.filter((entry) => entry.empty_layer !== true).length;
  if (image.history.length > 0 && filled !== image.rootfs.length) {
    throw new TsbuildError(
      "INTERNAL",
      `Cannot make the image: its history tells of ${filled} layers and it has ${image.rootfs.length}`,
    );
  }
}
