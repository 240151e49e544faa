import { TsbuildError } from "../core/errors.ts";
import { formatPlatform, samePlatform, type Platform } from "../core/platform.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseManifest } from "../image/manifest.ts";
import { formatReference, parseReference, withDefaultTag, type Reference } from "../image/reference.ts";
import type { Image } from "../image/types.ts";
import { importLayout } from "./oci-layout.ts";
import type { RegistryClient } from "../registry/types.ts";
import type { BaseImage, BaseImages } from "../stages/types.ts";
import type { RefTarget, Store } from "../store/types.ts";
import type { PullPolicy } from "../api/types.ts";

export interface BaseImageOptions {
  readonly store: Store;
  readonly client: () => Promise<RegistryClient>;
  readonly policy: PullPolicy;
  readonly signal: AbortSignal;
  /** `--build-context NAME=oci-layout://DIR`: images that are looked up by these names. */
  readonly layouts: ReadonlyMap<string, string>;
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

/** The image for a platform, as the policy says: what the store has, or what the registry has now. */
export async function findImage(
  options: BaseImageOptions,
  reference: Reference,
  platform: Platform,
): Promise<Image> {
  const { store, policy, signal } = options;
  const name = formatReference(reference);
  const local = localImage(store, reference, platform);
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
  const { image } = await resolveImage(await options.client(), reference, platform, signal);
  store.blobs.put(image.config.raw);
  store.blobs.put(image.manifest.raw);
  const { mediaType, digest, raw } = image.manifest;
  store.refs.set(name, { mediaType, digest, size: raw.length, time: Date.now(), origin: "pulled" });
  return image;
}

/** The image with this name in the store, if it is there for the platform. */
export function localImage(store: Store, reference: Reference, platform?: Platform): Image | undefined {
  const target = store.refs.get(formatReference(reference));
  const image = target && readImage(store, target);
  if (image === undefined || platform === undefined) return image;
  return samePlatform(image.config.platform, platform) ? image : undefined;
}

/** Manifest and config of what a name points to; undefined where one of them is gone. */
export function readImage(store: Store, target: Pick<RefTarget, "digest" | "mediaType">): Image | undefined {
  if (!store.blobs.has(target.digest)) return undefined;
  const manifest = parseManifest(store.blobs.read(target.digest), target.mediaType);
  if (!store.blobs.has(manifest.config.digest)) return undefined;
  return { manifest, config: parseImageConfig(store.blobs.read(manifest.config.digest)) };
}
