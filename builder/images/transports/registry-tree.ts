import { TsbuildError } from "../../core/errors.ts";
import type { Digest } from "../../core/digest.ts";
import type { Platform } from "../../core/platform.ts";
import { parseManifestOrIndex } from "../../image/manifest.ts";
import { withDefaultTag, type Reference } from "../../image/reference.ts";
import { selectPlatform } from "../../image/select-platform.ts";
import type { ImageTree, TreeBlob, TreeDocument } from "../../outputs/image-tree.ts";
import { heldBack } from "./held-back.ts";
import type { FetchedManifest, RegistryClient, Repository } from "../../registry/types.ts";

const MAX_DOCUMENTS = 1000;

/** What a name of a registry leads to: of an index the images for some platforms, where any are named, else all. No blob is fetched. */
export async function registryTree(
  client: RegistryClient,
  reference: Reference,
  platforms: readonly Platform[],
  signal: AbortSignal,
): Promise<ImageTree> {
  const named = withDefaultTag(reference);
  const repository: Repository = { registry: named.registry, name: named.repository };
  const documents = new Map<Digest, TreeDocument>();
  const blobs = new Map<Digest, TreeBlob>();
  const take = async (fetched: FetchedManifest, mediaType: string): Promise<TreeDocument> => {
    const document = parseManifestOrIndex(fetched.raw, mediaType);
    if ("layers" in document) {
      for (const blob of [document.config, ...document.layers])
        blobs.set(blob.digest, registryBlob(client, repository, blob, signal));
    } else {
      const wanted =
        platforms.length === 0
          ? document.manifests
          : platforms.map((platform) => selectPlatform(document, platform));
      for (const child of wanted) {
        if (documents.has(child.digest)) continue;
        if (documents.size === MAX_DOCUMENTS)
          throw new TsbuildError(
            "IMAGE_INVALID",
            `Cannot read the index: it leads to more than ${MAX_DOCUMENTS} manifests`,
          );
        const inner = await client.getManifest(repository, child.digest, signal);
        documents.set(child.digest, await take(inner, inner.mediaType || child.mediaType));
      }
    }
    return {
      raw: fetched.raw,
      descriptor: { mediaType: document.mediaType, digest: fetched.digest, size: fetched.raw.length },
    };
  };
  const fetched = await client.getManifest(repository, named.digest ?? named.tag ?? "latest", signal);
  const top = await take(fetched, fetched.mediaType);
  return { top, children: [...documents.values()], blobs: [...blobs.values()] };
}

function registryBlob(
  client: RegistryClient,
  repository: Repository,
  { mediaType, digest, size }: TreeBlob["descriptor"],
  signal: AbortSignal,
): TreeBlob {
  const descriptor = { mediaType, digest, size };
  const open = (): AsyncIterable<Buffer> => heldBack(client.getBlob(repository, descriptor, signal));
  return { descriptor, sources: [repository], open };
}
