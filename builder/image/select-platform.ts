import { TsbuildError } from "../core/errors.ts";
import { formatPlatform, platformScore, type Platform } from "../core/platform.ts";
import type { Descriptor, Index } from "./types.ts";

/** The image of an index that runs best on a platform; the first of equals, as containerd takes it. */
export function selectPlatform(index: Pick<Index, "manifests">, platform: Platform): Descriptor {
  const best = imageFor(index, platform);
  if (best !== undefined) return best;
  const images = imagesOf(index);
  const offered = [...new Set(images.map(({ platform }) => formatPlatform(platform ?? NO_PLATFORM)))].sort();
  throw new TsbuildError(
    "PLATFORM_NOT_FOUND",
    `Cannot use the image for ${formatPlatform(platform)}: it is not among the platforms of its index`,
    {
      hint: offered.length === 0 ? "its index has no images" : `it has ${offered.slice(0, 40).join(", ")}`,
    },
  );
}

/** The same; undefined where none of them runs there. */
export function imageFor(index: Pick<Index, "manifests">, platform: Platform): Descriptor | undefined {
  let best: Descriptor | undefined;
  let bestScore = 0;
  for (const descriptor of imagesOf(index)) {
    // An index of one image without a platform is how some tools write a single image.
    const score = descriptor.platform === undefined ? 1 : platformScore(platform, descriptor.platform);
    if (score > bestScore) [best, bestScore] = [descriptor, score];
  }
  return best;
}

/** The images of an index: BuildKit puts attestations into it as manifests for the platform unknown/unknown. */
export function imagesOf({ manifests }: Pick<Index, "manifests">): readonly Descriptor[] {
  return manifests.filter(
    ({ platform }) =>
      platform === undefined || platform.os !== "unknown" || platform.architecture !== "unknown",
  );
}

const NO_PLATFORM: Platform = { os: "unknown", architecture: "unknown" };
