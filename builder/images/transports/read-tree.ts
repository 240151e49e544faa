import { sha256, type Digest } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import type { Descriptor } from "../../image/types.ts";
import type { ImageTree, TreeBlob, TreeDocument } from "../../outputs/image-tree.ts";
import { fileBlob, readDocument } from "./file-blob.ts";
import type { ImageFiles } from "./types.ts";

/** An index in an index in an index is nobody's image. */
const MAX_DEPTH = 3;

/** Where a directory or an archive has what a descriptor names. */
export interface TreePlaces {
  document(descriptor: Pick<Descriptor, "digest">): string;
  blob(descriptor: Pick<Descriptor, "digest">): string;
}

/** All that a manifest or an index leads to among some files; every document has the bytes that its name says. */
export function readTree(files: ImageFiles, top: Descriptor, places: TreePlaces): ImageTree {
  const documents = new Map<Digest, TreeDocument>();
  const blobs = new Map<Digest, TreeBlob>();
  const visit = (descriptor: Descriptor, depth: number): void => {
    if (documents.has(descriptor.digest)) return;
    const raw = readDocument(files, places.document(descriptor));
    if (sha256(raw) !== descriptor.digest || raw.length !== descriptor.size) {
      throw new TsbuildError(
        "DIGEST_MISMATCH",
        `Cannot read ${files.label}: its document ${descriptor.digest} has other bytes than its name says`,
      );
    }
    const document = parseManifestOrIndex(raw, descriptor.mediaType);
    if ("layers" in document) {
      for (const blob of [document.config, ...document.layers]) {
        if (!blobs.has(blob.digest)) blobs.set(blob.digest, fileBlob(files, places.blob(blob), blob));
      }
    } else {
      if (depth === MAX_DEPTH)
        throw new TsbuildError(
          "IMAGE_INVALID",
          `Cannot read ${files.label}: its indexes are nested too deep`,
        );
      // Tools that save one platform of several leave the index as it was, and the others out.
      for (const child of document.manifests)
        if (files.size(places.document(child)) !== undefined) visit(child, depth + 1);
    }
    const { mediaType } = document;
    documents.set(descriptor.digest, { raw, descriptor: { ...descriptor, mediaType } });
  };
  visit(top, 0);
  if (blobs.size === 0) {
    throw new TsbuildError(
      "ARCHIVE_INVALID",
      `Cannot read ${files.label}: it has none of the images that its index names`,
    );
  }
  const found = documents.get(top.digest);
  documents.delete(top.digest);
  return {
    top: found ?? { raw: Buffer.alloc(0), descriptor: top },
    children: [...documents.values()],
    blobs: [...blobs.values()],
  };
}
