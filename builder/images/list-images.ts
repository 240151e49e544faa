import { readImage, readImages } from "../inputs/base-images.ts";
import { isDigest, type DiffId, type Digest } from "../core/digest.ts";
import { formatPlatform } from "../core/platform.ts";
import type { Image } from "../image/types.ts";
import type { Store } from "../store/types.ts";
import type { ImageSummary } from "../api/image-types.ts";

/** As docker lists what has no name. */
const NAMELESS = "<none>";

/** Every name in the store, newest first, with what its layers take and how much of that other images have as well. */
export function listImages(store: Store): ImageSummary[] {
  const refs = [...store.refs.list()].sort((a, b) => b.target.time - a.target.time);
  /** Which images have a layer: what has several names, or several compressions, is one image. */
  const users = new Map<DiffId, Set<Digest>>();
  for (const { target } of refs) {
    const platforms = readImages(store, target);
    const id = platforms[0]?.config.digest ?? target.digest;
    for (const diffId of layersOf(platforms).keys())
      users.set(diffId, (users.get(diffId) ?? new Set()).add(id));
  }

  return refs.map(({ name, target }) => {
    const image = readImage(store, target);
    const platforms =
      image === undefined || image.manifest.digest === target.digest
        ? undefined
        : readImages(store, target).map(({ config }) => formatPlatform(config.platform));
    const layers = [...layersOf(image === undefined ? [] : [image])];
    const sizes = layers.map(([diffId, size]) => [diffId, store.layers.peek(diffId)?.size ?? size] as const);
    return {
      name: isDigest(name) ? NAMELESS : name,
      id: image?.config.digest ?? target.digest,
      digest: target.digest,
      ...(image?.config.created === undefined ? {} : { created: image.config.created }),
      size: sum(sizes),
      ...(platforms && { platforms }),
      shared: sum(sizes.filter(([diffId]) => (users.get(diffId)?.size ?? 0) > 1)),
    };
  });
}

function sum(of: readonly (readonly [DiffId, number])[]): number {
  return of.reduce((all, [, size]) => all + size, 0);
}

/** The layers of some images, each once, with the sizes that their manifests tell. */
function layersOf(images: readonly Image[]): ReadonlyMap<DiffId, number> {
  return new Map(
    images.flatMap(({ manifest, config }) =>
      config.diffIds.map((diffId, index) => [diffId, manifest.layers[index]?.size ?? 0] as const),
    ),
  );
}
