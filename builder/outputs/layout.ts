import { hexOf } from "../core/digest.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import { familiarName, parseReference } from "../image/reference.ts";
import type { LayerBlob } from "../layers/types.ts";
import type { AssembledSet } from "./assemble-set.ts";

/** An OCI image layout being written (OCI image-spec, image-layout.md): an archive, or a directory. */
export interface LayoutWriter {
  /** A file that may be there already: the same path has the same content. */
  document(path: string, data: Buffer): void;
  blob(path: string, blob: LayerBlob): Promise<void>;
  /** index.json: what is named here, and in a directory what was there under other names. */
  index(manifests: readonly Descriptor[]): void;
  /** Makes all of it appear. */
  finish(): Promise<void>;
}

/** The layout's files; one index entry for each name, as docker and skopeo look them up. */
export async function writeLayout(
  writer: LayoutWriter,
  { images, top }: AssembledSet,
  names: readonly string[],
): Promise<void> {
  for (const image of images) {
    writer.document(blobPath(image.configDescriptor), image.config);
    writer.document(blobPath(image.manifestDescriptor), image.manifest);
    for (const layer of image.layers) await writer.blob(blobPath(layer), layer);
  }
  writer.document(blobPath(top.descriptor), top.raw);
  writer.index(namedDescriptors(top.descriptor, names));
  writer.document("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
}

/** What docker before 25 and podman read of an archive: config, names and layers of its one image. */
export function dockerManifest({ images }: AssembledSet, names: readonly string[]): Buffer {
  const entries = images.map((image) => ({
    Config: blobPath(image.configDescriptor),
    RepoTags: names.map((name) => familiarName(parseReference(name))),
    Layers: image.layers.map(blobPath),
  }));
  return json(entries);
}

export function layoutIndex(manifests: readonly Descriptor[]): Buffer {
  return json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
}

function namedDescriptors(top: Descriptor, names: readonly string[]): readonly Descriptor[] {
  if (names.length === 0) return [top];
  return names.map((name) => ({
    ...top,
    annotations: {
      ...top.annotations,
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
    },
  }));
}

function blobPath({ digest }: Pick<Descriptor, "digest">): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
