import { sha256, type Digest } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { parseIndexDocument, parseManifestOrIndex } from "../../image/manifest.ts";
import { parseReference, formatReference } from "../../image/reference.ts";
import type { Descriptor } from "../../image/types.ts";
import type { ImageTree, TreeBlob, TreeDocument } from "../../outputs/image-tree.ts";
import { blobPath, IMAGE_NAME, REF_NAME } from "../../outputs/layout.ts";
import { fileBlob, readDocument } from "./file-blob.ts";
import type { ImageFiles, NamedTree } from "./types.ts";

/** An index in an index in an index is nobody's image. */
const MAX_DEPTH = 3;

/** The images that an OCI layout names (OCI image-spec, image-layout.md), each once, with all of its names. */
export function readLayout(files: ImageFiles): readonly NamedTree[] {
  const { manifests } = parseIndexDocument(readDocument(files, "index.json"));
  const byDigest = new Map<Digest, Descriptor[]>();
  for (const one of manifests) byDigest.set(one.digest, [...(byDigest.get(one.digest) ?? []), one]);
  return [...byDigest.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const tag = first.annotations?.[REF_NAME];
    return [{ tree: readTree(files, first), names: same.flatMap(namesOf), tag }];
  });
}

/** containerd's and docker's full name; podman and buildah write it where skopeo has a tag alone. */
function namesOf({ annotations = {} }: Descriptor): readonly string[] {
  const short = annotations[REF_NAME];
  const name = annotations[IMAGE_NAME] ?? (short !== undefined && /[/:]/.test(short) ? short : undefined);
  return name === undefined ? [] : [formatReference(parseReference(name))];
}

function readTree(files: ImageFiles, top: Descriptor): ImageTree {
  const documents = new Map<Digest, TreeDocument>();
  const blobs = new Map<Digest, TreeBlob>();
  const visit = (descriptor: Descriptor, depth: number): void => {
    if (documents.has(descriptor.digest)) return;
    const raw = readDocument(files, blobPath(descriptor));
    if (sha256(raw) !== descriptor.digest || raw.length !== descriptor.size) {
      throw new TsbuildError(
        "DIGEST_MISMATCH",
        `Cannot read ${files.label}: its document ${descriptor.digest} has other bytes than its name says`,
      );
    }
    const document = parseManifestOrIndex(raw, descriptor.mediaType);
    if ("layers" in document) {
      for (const blob of [document.config, ...document.layers]) {
        if (!blobs.has(blob.digest)) blobs.set(blob.digest, fileBlob(files, blobPath(blob), blob));
      }
    } else {
      if (depth === MAX_DEPTH)
        throw new TsbuildError(
          "IMAGE_INVALID",
          `Cannot read ${files.label}: its indexes are nested too deep`,
        );
      // Tools that save one platform of several leave the index as it was, and the others out.
      for (const child of document.manifests)
        if (files.size(blobPath(child)) !== undefined) visit(child, depth + 1);
    }
    documents.set(descriptor.digest, { raw, descriptor });
  };
  visit(top, 0);
  if (blobs.size === 0) {
    throw new TsbuildError(
      "ARCHIVE_INVALID",
      `Cannot read ${files.label}: it has none of the images that its index names`,
    );
  }
  const { [REF_NAME]: _tag, [IMAGE_NAME]: _name, ...annotations } = top.annotations ?? {};
  const { annotations: _, ...plain } = top;
  const found = documents.get(top.digest);
  documents.delete(top.digest);
  const descriptor = { ...plain, ...(Object.keys(annotations).length > 0 && { annotations }) };
  return {
    top: { raw: found?.raw ?? Buffer.alloc(0), descriptor },
    children: [...documents.values()],
    blobs: [...blobs.values()],
  };
}
