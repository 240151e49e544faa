import { sha256, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { annotationsOf } from "../image/annotations.ts";
import { buildIndex } from "../image/build.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import type { Layer, LayerBlob } from "../layers/types.ts";
import { assemble, type Assembled, type BlobName } from "./assemble.ts";
import type { ImageForm } from "./form.ts";
import type { BuiltImage } from "./types.ts";

/** What a name leads to at a destination: an image, or the index of several and these. */
export interface AssembledSet<Blob extends BlobName = LayerBlob> {
  readonly images: readonly Assembled<Blob>[];
  /** The manifest of the one image, or the index. */
  readonly top: { readonly raw: Buffer; readonly descriptor: Descriptor };
}

/** Makes the documents of all images, and where there are several the index. */
export async function assembleSet<Blob extends BlobName>(
  built: readonly BuiltImage[],
  form: ImageForm,
  layerOf: (layer: Layer) => Promise<Blob>,
): Promise<AssembledSet<Blob>> {
  const images = await Promise.all(built.map((image) => assemble(image, form, layerOf)));
  const [only, ...others] = images;
  if (only !== undefined && others.length === 0) {
    refuseIndexAnnotations(form);
    return { images, top: { raw: only.manifest, descriptor: only.manifestDescriptor } };
  }
  const own = annotationsOf(form.annotations, "index");
  const raw = buildIndex({
    format: form.format,
    manifests: images.map(({ manifestDescriptor, platform }) => ({ ...manifestDescriptor, platform })),
    ...(own && { annotations: own }),
  });
  const onDescriptor = annotationsOf(form.annotations, "index-descriptor");
  const descriptor = {
    mediaType: form.format === "docker" ? MEDIA_TYPES.dockerIndex : MEDIA_TYPES.ociIndex,
    digest: sha256(raw),
    size: raw.length,
    ...(onDescriptor && { annotations: onDescriptor }),
  };
  return { images, top: { raw, descriptor } };
}

/** docker's image id; an index has none. */
export function imageIdOf({ images }: AssembledSet<BlobName>): Digest | undefined {
  return images.length === 1 ? images[0]?.configDescriptor.digest : undefined;
}

/** An image of its own has no index to annotate; BuildKit (exporter/containerimage/writer.go) refuses it as well. */
function refuseIndexAnnotations({ annotations }: ImageForm): void {
  const wrong = annotations.find(({ level }) => level === "index" || level === "index-descriptor");
  if (wrong === undefined) return;
  throw new TsbuildError(
    "USAGE",
    `Cannot set the annotation "${wrong.key}" of the index: an image for one platform has none`,
    { hint: "leave the level out, or write manifest: in its place" },
  );
}
