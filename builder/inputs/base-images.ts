import { TsbuildError } from "../core/errors.ts";
import type { Digest } from "../core/digest.ts";
import { formatPlatform, hostPlatform, platformScore, type Platform } from "../core/platform.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseManifestOrIndex } from "../image/manifest.ts";
import { formatReference, parseReference, withDefaultTag, type Reference } from "../image/reference.ts";
import { imageFor, imagesOf } from "../image/select-platform.ts";
import type { Descriptor, Image, Index, Manifest } from "../image/types.ts";
import { importLayout } from "./oci-layout.ts";
import type { RegistryClient } from "../registry/types.ts";
import type { FoundNames } from "../session/found-names.ts";
import type { BaseImage, BaseImages } from "../stages/types.ts";
import type { RefTarget, Store } from "../store/types.ts";
import type { PullPolicy } from "../api/types.ts";

export interface BaseImageOptions {
  readonly store: Store;
  readonly names: FoundNames;
  readonly client: () => Promise<RegistryClient>;
  readonly policy: PullPolicy;
  readonly signal: AbortSignal;
  /** `--build-context NAME=oci-layout://DIR`: images that are looked up by these names. */
  readonly layouts: ReadonlyMap<string, string>;
  /** No registry is asked. */
  readonly offline?: boolean;
}

/**
 * Finds images by name: a layout that was named on the command line, the store, a registry. Documents alone are fetched,
 * and kept in the store; layers come when a step reads them.
 */
export function baseImages(options: BaseImageOptions): BaseImages {
  return {
    async resolve(text, platform): Promise<BaseImage> {
      const layout = options.layouts.get(text);
      if (layout !== undefined) {
        const image = importLayout(options.store, layout, platform);
        return { reference: text, manifest: image.manifest.digest, config: image.config };
      }
      const reference = withDefaultTag(parseReference(text));
      const image = await findImage(options, reference, platform);
      return { reference: formatReference(reference), manifest: image.manifest.digest, config: image.config };
    },
  };
}

/** An image, and what its name leads to: its manifest, or an index that it is in. */
export interface FoundImage extends Image {
  readonly top: Digest;
}

/** The image for a platform, as the policy says: what the store has, or what the registry has now. */
export async function findImage(
  options: BaseImageOptions,
  reference: Reference,
  platform: Platform,
): Promise<FoundImage> {
  const { store, names, policy, signal } = options;
  const name = formatReference(reference);
  const local = localImage(store, reference, platform, names);
  if (options.offline === true) {
    if (local !== undefined) return local;
    throw new TsbuildError(
      "OFFLINE",
      `Cannot find image "${name}" for ${formatPlatform(platform)}: it is not in the store, and --offline forbids to ask for it`,
      { hint: `run tsbuild pull --platform ${formatPlatform(platform)} ${name} where there is a network` },
    );
  }
  if (policy === "never" && local === undefined) {
    throw new TsbuildError(
      "IMAGE_NOT_FOUND",
      `Cannot find image "${name}" for ${formatPlatform(platform)}: it is not in the store and --pull=never forbids to ask for it`,
      {
        hint: `run tsbuild pull ${name}`,
      },
    );
  }
  // A digest names its bytes for ever: asking again could bring nothing new.
  if (local !== undefined && (policy === "missing" || policy === "never" || reference.digest !== undefined))
    return local;

  const { resolveImage } = await import("../registry/pull.ts");
  const { image, index } = await resolveImage(await options.client(), reference, platform, signal);
  store.blobs.put(image.config.raw);
  store.blobs.put(image.manifest.raw);
  // What a server says of its index is no more than a header: the document itself decides.
  const { raw, digest, mediaType } = index
    ? parseManifestOrIndex(index.raw, index.mediaType)
    : image.manifest;
  store.blobs.put(raw);
  const target = { mediaType, digest, size: raw.length, time: Date.now(), origin: "pulled" } as const;
  names.add(name, target, image.manifest.digest);
  return { ...image, top: digest };
}

/** The image with this name in the store, if it is there for the platform; without one, the best for this machine. */
export function localImage(
  store: Store,
  reference: Reference,
  platform?: Platform,
  names: Pick<FoundNames, "get"> = store.refs,
): FoundImage | undefined {
  const target = names.get(formatReference(reference));
  const image = target && readImage(store, target, platform);
  if (image === undefined || target === undefined) return undefined;
  if (platform !== undefined && platformScore(platform, image.config.platform) === 0) return undefined;
  return { ...image, top: target.digest };
}

/**
 * Manifest and config of what a name points to, undefined where one of them is gone. Of an index it is the image for the
 * platform; without one, the image for this machine or the first that is here.
 */
export function readImage(
  store: Store,
  target: Pick<RefTarget, "digest" | "mediaType">,
  platform?: Platform,
): Image | undefined {
  const document = readDocument(store, target);
  if (document === undefined) return undefined;
  if ("layers" in document) return withConfig(store, document);
  const best = imageFor(document, platform ?? hostPlatform());
  const found = best && readManifest(store, best);
  return found ?? (platform === undefined ? readImages(store, target)[0] : undefined);
}

/** All images that a name leads to, as far as they are here. */
export function readImages(store: Store, target: Pick<RefTarget, "digest" | "mediaType">): readonly Image[] {
  const document = readDocument(store, target);
  if (document === undefined) return [];
  const images =
    "layers" in document
      ? [withConfig(store, document)]
      : imagesOf(document).map((one) => readManifest(store, one));
  return images.filter((image) => image !== undefined);
}

/** The manifest or index that a digest names, if it is here. */
export function readDocument(
  store: Store,
  { digest, mediaType }: Pick<RefTarget, "digest" | "mediaType">,
): Manifest | Index | undefined {
  return store.blobs.has(digest) ? parseManifestOrIndex(store.blobs.read(digest), mediaType) : undefined;
}

/** An image of an index; an index in an index leads nowhere. */
function readManifest(store: Store, descriptor: Descriptor): Image | undefined {
  const document = readDocument(store, descriptor);
  return document !== undefined && "layers" in document ? withConfig(store, document) : undefined;
}

function withConfig(store: Store, manifest: Manifest): Image | undefined {
  if (!store.blobs.has(manifest.config.digest)) return undefined;
  return { manifest, config: parseImageConfig(store.blobs.read(manifest.config.digest)) };
}
