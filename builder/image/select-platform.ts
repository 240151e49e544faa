import { TsbuildError } from "../core/errors.ts";
import { formatPlatform, platformScore, type Platform } from "../core/platform.ts";
import type { Descriptor, Index } from "./types.ts";

/** The image of an index that runs best on a platform; the first of equals, as containerd takes it. */
export function selectPlatform(index: Index, platform: Platform): Descriptor {
  let best: Descriptor | undefined;
  let bestScore = 0;
  const images = index.manifests.filter(isImage);
  for (const descriptor of images) {
    // An index of one image without a platform is how some tools write a single image.
    const score = descriptor.platform === undefined ? 1 : platformScore(platform, descriptor.platform);
    if (score > bestScore) [best, bestScore] = [descriptor, score];
  }
  if (best !== undefined) return best;
  const offered = [...new Set(images.map(({ platform }) => formatPlatform(platform ?? NO_PLATFORM)))].sort();
  throw new TsbuildError(
    "PLATFORM_NOT_FOUND",
    `Cannot use the image for ${formatPlatform(platform)}: it is not among the platforms of its index`,
    {
      hint: offered.length === 0 ? "its index has no images" : `it has ${offered.slice(0, 40).join(", ")}`,
    },
  );
}

const NO_PLATFORM: Platform = { os: "unknown", architecture: "unknown" };

/** BuildKit puts attestations into an index as manifests for the platform unknown/unknown. */
function isImage({ platform }: Descriptor): boolean {
  return platform === undefined || platform.os !== "unknown" || platform.architecture !== "unknown";
}
