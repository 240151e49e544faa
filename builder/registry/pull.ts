import { TsbuildError } from "../core/errors.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseManifestOrIndex } from "../image/manifest.ts";
import { formatReference, withDefaultTag, type Reference } from "../image/reference.ts";
import { selectPlatform } from "../image/select-platform.ts";
import type { Descriptor, Image, Manifest } from "../image/types.ts";
import { again } from "./download.ts";
import type { FetchedManifest, RegistryClient, Repository } from "./types.ts";

/** As for manifests: an image config is read into memory in one piece. */
const MAX_CONFIG = 4 * 1024 * 1024;

export interface ResolvedImage {
  readonly image: Image;
  /** The full name, with the digest of what the name led to (of the index, where there is one). */
  readonly reference: string;
  /** The index that the image was chosen from. */
  readonly index?: FetchedManifest;
}

/** What a reference means for a platform: index → manifest → config. No layer is fetched. */
export async function resolveImage(
  client: RegistryClient,
  reference: Reference,
  platform: Platform,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  const named = withDefaultTag(reference);
  const repository: Repository = { registry: named.registry, name: named.repository };
  // Where both are given the digest counts and the tag is a comment, as with docker.
  const top = await client.getManifest(repository, named.digest ?? named.tag ?? "latest", signal);
  const document = parseManifestOrIndex(top.raw, top.mediaType);
  const name = formatReference({ ...named, digest: top.digest });
  if ("layers" in document) {
    return { image: await withConfig(client, repository, document, name, signal), reference: name };
  }
  const chosen = await getChosen(client, repository, selectPlatform(document, platform), signal);
  const image = await withConfig(client, repository, chosen, name, signal);
  return { image, reference: name, index: top };
}

async function getChosen(
  client: RegistryClient,
  repository: Repository,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Manifest> {
  const fetched = await client.getManifest(repository, descriptor.digest, signal);
  const document = parseManifestOrIndex(fetched.raw, fetched.mediaType || descriptor.mediaType);
  if ("layers" in document) return document;
  throw new TsbuildError("IMAGE_INVALID", "Cannot read the index: it leads to another index", {
    hint: "name the inner index by its digest",
  });
}

async function withConfig(
  client: RegistryClient,
  repository: Repository,
  manifest: Manifest,
  name: string,
  signal: AbortSignal,
): Promise<Image> {
  if (manifest.config.size > MAX_CONFIG) {
    throw new TsbuildError(
      "IMAGE_INVALID",
      `Cannot use ${name}: its config has ${manifest.config.size} bytes`,
    );
  }
  const config = parseImageConfig(
    await again(async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of client.getBlob(repository, manifest.config, signal)) chunks.push(chunk);
      return Buffer.concat(chunks);
    }),
  );
  if (config.diffIds.length !== manifest.layers.length) {
    throw new TsbuildError(
      "IMAGE_INVALID",
      `Cannot use ${name} (${formatPlatform(config.platform)}): its manifest has ${manifest.layers.length} layers, its config ${config.diffIds.length}`,
    );
  }
  return { manifest, config };
}
