import { hexOf } from "../core/digest.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import { familiarName, parseReference } from "../image/reference.ts";
import { parseManifest } from "../image/manifest.ts";
import type { ImageTree, TreeBlob } from "./image-tree.ts";

/** OCI image-spec, annotations.md: the name within a layout. */
export const REF_NAME = "org.opencontainers.image.ref.name";
/** containerd's full name, which docker reads since 25. */
export const IMAGE_NAME = "io.containerd.image.name";

/** An OCI image layout being written (OCI image-spec, image-layout.md): an archive, or a directory. */
export interface LayoutWriter {
  /** A file that may be there already: the same path has the same content. */
  document(path: string, data: Buffer): void;
  blob(path: string, blob: TreeBlob): Promise<void>;
  /** index.json: what is named here, and in a directory what was there under other names. */
  index(manifests: readonly Descriptor[]): void;
  /** Makes all of it appear. */
  finish(): Promise<void>;
}

/** One image of a layout. */
export interface LayoutEntry {
  readonly tree: ImageTree;
  /** Full names. */
  readonly names: readonly string[];
  /** A name within the layout that is no image name: skopeo's oci:DIR:TAG. */
  readonly tag?: string | undefined;
  /** The manifest of the one image of it that docker's own description tells of. */
  readonly forDocker?: Buffer;
}

/** The layout's files; one index entry for each name, as docker and skopeo look them up. */
export async function writeLayout(writer: LayoutWriter, entries: readonly LayoutEntry[]): Promise<void> {
  for (const { tree } of entries) {
    for (const blob of tree.blobs) await writer.blob(blobPath(blob.descriptor), blob);
    for (const { raw, descriptor } of [...tree.children, tree.top])
      writer.document(blobPath(descriptor), raw);
  }
  writer.index(entries.flatMap(namedDescriptors));
  writer.document("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
  const forDocker = entries.flatMap(dockerEntry);
  if (forDocker.length > 0) writer.document("manifest.json", json(forDocker));
  await writer.finish();
}

/** What docker before 25 and podman read of an archive: config, names and layers of each image. */
function dockerEntry({ forDocker, names }: LayoutEntry): readonly object[] {
  if (forDocker === undefined) return [];
  const { config, layers } = parseManifest(forDocker);
  const tags = names.map((name) => familiarName(parseReference(name)));
  return [{ Config: blobPath(config), RepoTags: tags, Layers: layers.map(blobPath) }];
}

/** index.json. */
export function layoutIndex(manifests: readonly Descriptor[]): Buffer {
  return json({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests });
}

function namedDescriptors({ tree: { top }, names, tag }: LayoutEntry): readonly Descriptor[] {
  const own = top.descriptor.annotations;
  const named = (annotations: Readonly<Record<string, string>>): Descriptor => ({
    ...top.descriptor,
    annotations: { ...own, ...annotations },
  });
  if (tag !== undefined) return [named({ [REF_NAME]: tag })];
  if (names.length === 0) return [top.descriptor];
  return names.map((name) =>
    named({ [IMAGE_NAME]: name, [REF_NAME]: name.slice(name.lastIndexOf(":") + 1) }),
  );
}

/** Where a blob lies in a layout. */
export function blobPath({ digest }: Pick<Descriptor, "digest">): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
