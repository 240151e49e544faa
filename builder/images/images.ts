import { storedPredicates } from "../attest/stored.ts";
import { localImage, readImages } from "../inputs/base-images.ts";
import { isDigest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { formatPlatform, type Platform } from "../core/platform.ts";
import { nearest } from "../core/suggest.ts";
import { familiarName, formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import type { Image } from "../image/types.ts";
import { removeImage } from "../store/remove-image.ts";
import type { RefTarget, Store } from "../store/types.ts";
import type { ImageDetails } from "../api/types.ts";

/** An image by name, by id or by the beginning of its id. */
export function inspectImage(store: Store, reference: string, platform?: Platform): ImageDetails {
  const { image, target: found } = findStored(store, reference, platform);
  const names = store.refs.list().filter(({ target }) => target.digest === found.digest);
  const { manifest, config } = image;
  const statements = storedPredicates(store, found, manifest.digest);
  return {
    names: names.map(({ name }) => name).filter((name) => !isDigest(name)),
    digest: found.digest,
    manifest,
    config,
    ...(statements.length > 0 && { statements }),
  };
}

/** Gives an image of the store one more name. */
export function tagImage(store: Store, source: string, target: string): void {
  const found = findStored(store, source);
  store.refs.set(fullName(target), { ...found.target, time: Date.now() });
}

/** Takes names away; an id takes away the one name that it has. Layers stay, as cache. */
export function removeNames(store: Store, references: readonly string[]): string[] {
  const names = references.map((reference) => nameToRemove(store, reference));
  for (const name of names) removeImage(store, name);
  return names.map((name) => (isDigest(name) ? name : familiarName(parseReference(name))));
}

interface StoredImage {
  readonly image: Image;
  /** What the name points to: the image's manifest, or an index that it is in. */
  readonly target: RefTarget;
  readonly name: string;
}

/**
 * An image of the store and what its name points to; IMAGE_NOT_FOUND with the nearest name. Of an index it is the image
 * for the platform, or the best for this machine.
 */
export function findStored(store: Store, reference: string, platform?: Platform): StoredImage {
  const found = lookUp(store, reference, platform);
  if (found !== undefined) return found;
  if (platform !== undefined && namedImage(store, reference) !== undefined) {
    throw new TsbuildError(
      "PLATFORM_NOT_FOUND",
      `Cannot find image "${reference}" for ${formatPlatform(platform)}: the store has it for other platforms only`,
      { hint: `tsbuild pull --platform ${formatPlatform(platform)} fetches it where a registry has it` },
    );
  }
  const named = store.refs.list().filter(({ name }) => !isDigest(name));
  const known = named.map(({ name }) => familiarName(parseReference(name)));
  const near = nearest(reference, [...known, ...known.map((name) => name.replace(/:latest$/, ""))]);
  throw new TsbuildError(
    "IMAGE_NOT_FOUND",
    `Cannot find image "${reference}": the store has no image of this name or id`,
    {
      hint:
        near === undefined
          ? "tsbuild images lists what is there; tsbuild pull fetches an image"
          : `did you mean "${near}"?`,
    },
  );
}

/** The same; undefined where there is none. */
export function lookUp(store: Store, reference: string, platform?: Platform): StoredImage | undefined {
  const byName = isId(reference) ? undefined : namedImage(store, reference, platform);
  return byName ?? imagesById(store, reference)[0];
}

function nameToRemove(store: Store, reference: string): string {
  const named = isId(reference) ? undefined : namedImage(store, reference);
  if (named !== undefined) return named.name;
  const [first, second] = imagesById(store, reference);
  if (first !== undefined && second === undefined) return first.name;
  if (first === undefined) return findStored(store, reference).name;
  throw new TsbuildError("USAGE", `Cannot remove image "${reference}": it has several names`, {
    hint: "remove it by its names",
  });
}

function namedImage(store: Store, reference: string, platform?: Platform): StoredImage | undefined {
  const parsed = withDefaultTag(parseReference(reference));
  const name = formatReference(parsed);
  const target = store.refs.get(name);
  const image = localImage(store, parsed, platform);
  return target === undefined || image === undefined ? undefined : { image, target, name };
}

function imagesById(store: Store, id: string): StoredImage[] {
  const hex = id.replace(/^sha256:/, "");
  if (!/^[0-9a-f]{4,64}$/.test(hex)) return [];
  const wanted = `sha256:${hex}`;
  return store.refs.list().flatMap(({ name, target }) => {
    const images = readImages(store, target);
    const byIndex = target.digest.startsWith(wanted) ? images[0] : undefined;
    const image =
      images.find(({ manifest, config }) =>
        [config.digest, manifest.digest].some((digest) => digest.startsWith(wanted)),
      ) ?? byIndex;
    return image === undefined ? [] : [{ image, target, name }];
  });
}

/** Whether it is a whole image id, with its algorithm or without; fewer digits may be a name. */
export function isId(reference: string): boolean {
  return isDigest(reference) || isDigest(`sha256:${reference}`);
}

function fullName(reference: string): string {
  return formatReference(withDefaultTag(parseReference(reference)));
}
