import { TsbuildError } from "../../core/errors.ts";
import type { Platform } from "../../core/platform.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import { selectPlatform } from "../../image/select-platform.ts";
import type { ImageTree } from "../../outputs/image-tree.ts";

/** The one image of a tree for a platform; a tree of one image stays as it is. */
export function narrow(tree: ImageTree, platform: Platform): ImageTree {
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
  if (top !== undefined) return narrow({ ...tree, top }, platform);
  throw new TsbuildError(
    "IMAGE_NOT_FOUND",
    `Cannot use the image: its index names ${chosen.digest}, which is not there`,
  );
}
