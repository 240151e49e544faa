import { sha256, type Digest } from "../../core/digest.ts";
import { TsbuildError } from "../../core/errors.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import { selectPlatform } from "../../image/select-platform.ts";
import { withManifests } from "../../image/with-manifests.ts";
import type { ImageTree, TreeBlob, TreeDocument } from "../../outputs/image-tree.ts";

/**
 * The images of a tree for some platforms: of one it is the image alone, of several an index of them. A tree of one image
 * stays as it is, where no more than one is asked for.
 */
export function narrow(tree: ImageTree, platforms: readonly Platform[]): ImageTree {
  const [platform, second] = platforms;
  if (platform === undefined) return tree;
  return second === undefined ? narrowToOne(tree, platform) : narrowToSome(tree, platforms);
}

function narrowToOne(tree: ImageTree, platform: Platform): ImageTree {
  const document = parseManifestOrIndex(tree.top.raw, tree.top.descriptor.mediaType);
  if ("layers" in document) {
    const named = new Set([document.config, ...document.layers].map(({ digest }) => digest));
    return {
      ...tree,
      children: [],
      blobs: tree.blobs.filter(({ descriptor }) => named.has(descriptor.digest)),
    };
  }
  const chosen = selectPlatform(document, platform);
  const top = tree.children.find(({ descriptor }) => descriptor.digest === chosen.digest);
  if (top !== undefined) return narrowToOne({ ...tree, top }, platform);
  throw missing(chosen.digest);
}

function narrowToSome(tree: ImageTree, platforms: readonly Platform[]): ImageTree {
  const index = parseManifestOrIndex(tree.top.raw, tree.top.descriptor.mediaType);
  if ("layers" in index) {
    const asked = platforms.map(formatPlatform).join(", ");
    throw new TsbuildError("PLATFORM_NOT_FOUND", `Cannot copy ${asked}: the name leads to a single image`);
  }
  const wanted = new Set(platforms.map((platform) => selectPlatform(index, platform).digest));
  const kept = index.manifests.map((one) => (wanted.has(one.digest) ? one : undefined));
  const children = new Map<Digest, TreeDocument>();
  const blobs = new Map<Digest, TreeBlob>();
  for (const digest of wanted) gather(tree, digest, children, blobs);
  const isWhole = kept.every((one) => one !== undefined);
  const raw = isWhole ? index.raw : withManifests(index, kept);
  const descriptor = { ...tree.top.descriptor, digest: sha256(raw), size: raw.length };
  return { ...tree, top: { raw, descriptor }, children: [...children.values()], blobs: [...blobs.values()] };
}

/** A document of a tree with all that it leads to, what is named before what names it. */
function gather(
  tree: ImageTree,
  digest: Digest,
  documents: Map<Digest, TreeDocument>,
  blobs: Map<Digest, TreeBlob>,
): void {
  const found = tree.children.find(({ descriptor }) => descriptor.digest === digest);
  if (found === undefined) throw missing(digest);
  const document = parseManifestOrIndex(found.raw, found.descriptor.mediaType);
  if ("manifests" in document) {
    for (const child of document.manifests) gather(tree, child.digest, documents, blobs);
  } else {
    const named = new Set([document.config, ...document.layers].map((one) => one.digest));
    for (const blob of tree.blobs)
      if (named.has(blob.descriptor.digest)) blobs.set(blob.descriptor.digest, blob);
  }
  documents.set(digest, found);
}

function missing(digest: Digest): TsbuildError {
  return new TsbuildError(
    "IMAGE_NOT_FOUND",
    `Cannot use the image: its index names ${digest}, which is not there`,
  );
}
