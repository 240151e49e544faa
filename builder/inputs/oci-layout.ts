import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { hexOf, isDigest, type Digest } from "../core/digest.ts";
import { TsbuildError, errnoOf } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import { didYouMean } from "../core/suggest.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseIndexDocument, parseManifest, parseManifestOrIndex } from "../image/manifest.ts";
import { selectPlatform } from "../image/select-platform.ts";
import type { Descriptor, Image, Manifest } from "../image/types.ts";
import type { Store } from "../store/types.ts";

const LAYOUT = "oci-layout://";
const REF_NAME = "org.opencontainers.image.ref.name";

/** Brings the image of an OCI layout (`oci-layout://DIR[:TAG][@DIGEST]`) into the store, its layers too. */
export function importLayout(store: Store, source: string, platform: Platform): Image {
  const { directory, tag, digest } = splitSource(source);
  const manifest = digest
    ? manifestOf(store, directory, digest, platform)
    : findManifest(store, directory, tag, platform);
  const config = parseImageConfig(importBlob(store, directory, manifest.config));
  for (const layer of manifest.layers) importFile(store, directory, layer);
  return { manifest, config };
}

/** The image with this tag, or the one that the platform chooses. */
function findManifest(
  store: Store,
  directory: string,
  tag: string | undefined,
  platform: Platform,
): Manifest {
  const index = parseIndexDocument(readLayoutFile(directory, "index.json"));
  const named = index.manifests.filter(
    ({ annotations }) => tag === undefined || annotations?.[REF_NAME] === tag,
  );
  if (tag !== undefined && named.length === 0) {
    const tags = index.manifests.flatMap(({ annotations }) => annotations?.[REF_NAME] ?? []);
    throw new TsbuildError(
      "IMAGE_NOT_FOUND",
      `Cannot find an image in OCI layout "${directory}": none has tag "${tag}"`,
      { hint: didYouMean(tag, tags) ?? `its tags are ${tags.slice(0, 40).join(", ") || "none"}` },
    );
  }
  const [only] = named.length === 1 ? named : [];
  const found = only ?? selectPlatform({ ...index, manifests: named }, platform);
  return manifestOf(store, directory, found.digest, platform, found.mediaType);
}

/** What a digest names: an image, or an index of images. */
function manifestOf(
  store: Store,
  directory: string,
  digest: Digest,
  platform: Platform,
  mediaType?: string,
): Manifest {
  const document = parseManifestOrIndex(importBlob(store, directory, { digest }), mediaType);
  if ("layers" in document) return document;
  const chosen = selectPlatform(document, platform);
  return parseManifest(importBlob(store, directory, chosen), chosen.mediaType);
}

interface LayoutSource {
  readonly directory: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

function splitSource(source: string): LayoutSource {
  const path = source.startsWith(LAYOUT) ? source.slice(LAYOUT.length) : source;
  const at = path.lastIndexOf("@");
  const digest = path.slice(at + 1);
  // The digest says all: a tag before it is a comment, as with docker.
  if (at >= 0 && isDigest(digest)) return { directory: splitTag(path.slice(0, at)).directory, digest };
  return splitTag(path);
}

function splitTag(path: string): LayoutSource {
  const colon = path.lastIndexOf(":");
  if (colon > path.lastIndexOf("/") && !existsSync(path))
    return { directory: path.slice(0, colon), tag: path.slice(colon + 1) };
  return { directory: path };
}

function importBlob(store: Store, directory: string, { digest }: Pick<Descriptor, "digest">): Buffer {
  if (store.blobs.use(digest)) return store.blobs.read(digest);
  const data = readLayoutFile(directory, blobPath(digest));
  using writer = store.blobs.create();
  writer.write(data);
  writer.commit(digest);
  return data;
}

/** A layer goes through in pieces: it may be larger than memory. */
function importFile(store: Store, directory: string, { digest }: Descriptor): void {
  if (store.blobs.use(digest)) return;
  const file = openSync(join(directory, blobPath(digest)), "r");
  using writer = store.blobs.create();
  try {
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (let got = readSync(file, buffer); got > 0; got = readSync(file, buffer))
      writer.write(buffer.subarray(0, got));
  } finally {
    closeSync(file);
  }
  writer.commit(digest);
}

function blobPath(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

function readLayoutFile(directory: string, name: string): Buffer {
  try {
    return readFileSync(join(directory, name));
  } catch (cause) {
    if (errnoOf(cause) !== "ENOENT") throw cause;
    throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot read OCI layout "${directory}": it has no ${name}`, {
      cause,
      hint: "name a directory with oci-layout, index.json and blobs/",
    });
  }
}
