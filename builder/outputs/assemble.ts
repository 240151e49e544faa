import type { Attestations, Referrer } from "../attest/types.ts";
import { sha256 } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import { annotationsOf } from "../image/annotations.ts";
import { buildConfig, buildManifest } from "../image/build.ts";
import { layerMediaType } from "../image/layer-types.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import type { ImageForm } from "./form.ts";
import type { BuiltImage } from "./types.ts";

/** What a manifest says of a blob. */
export type BlobName = Omit<LayerBlob, "path">;

/** An image as its destination will have it: the documents, and the layers, by default as files. */
export interface Assembled<Blob extends BlobName = LayerBlob> {
  readonly config: Buffer;
  readonly configDescriptor: Descriptor;
  readonly manifest: Buffer;
  readonly manifestDescriptor: Descriptor;
  readonly layers: readonly Blob[];
  readonly platform: Platform;
  /** Statements of this very manifest. */
  readonly referrers: readonly Referrer[];
}

/** Makes config and manifest; `form` says how, `layerOf` gives each layer as it goes out. */
export async function assemble<Blob extends BlobName>(
  image: BuiltImage,
  form: ImageForm,
  layerOf: (layer: Layer) => Promise<Blob>,
): Promise<Assembled<Blob>> {
  const { format, annotations } = form;
  const [diffIds, layers] = await Promise.all([
    Promise.all(image.rootfs.map((layer) => layer.diffId())),
    Promise.all(image.rootfs.map(layerOf)),
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
  const typed = layers.map((layer) => ({
    ...layer,
    mediaType: layerMediaType(layer.mediaType, format) ?? layer.mediaType,
  }));
  const own = annotationsOf(annotations, "manifest", image.platform);
  const manifest = buildManifest({
    format,
    config: configDescriptor,
    layers: typed.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
    ...(own && { annotations: own }),
  });
  const manifestType = format === "docker" ? MEDIA_TYPES.dockerManifest : MEDIA_TYPES.ociManifest;
  const described = describe(manifestType, manifest);
  const onDescriptor = annotationsOf(annotations, "manifest-descriptor", image.platform);
  return {
    config,
    configDescriptor,
    manifest,
    manifestDescriptor: {
      ...described,
      ...(onDescriptor && { annotations: onDescriptor }),
    },
    layers: typed,
    platform: image.platform,
    referrers: await statementsOf(described, image.platform, image.attestations),
  };
}

/** What is stated of an image, as artifacts that refer to its manifest. */
export async function statementsOf(
  manifest: Descriptor,
  platform: Platform,
  attestations: Attestations | undefined,
): Promise<readonly Referrer[]> {
  if (attestations === undefined) return [];
  const { referrersOf } = await import("../attest/statement.ts");
  return referrersOf(manifest, platform, attestations);
}

function describe(mediaType: string, data: Buffer): Descriptor {
  return { mediaType, digest: sha256(data), size: data.length };
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
