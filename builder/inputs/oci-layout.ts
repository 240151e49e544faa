import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { hexOf, type Digest } from "../core/digest.ts";
import { TsbuildError, errnoOf } from "../core/errors.ts";
import type { Platform } from "../core/platform.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseIndexDocument, parseManifest } from "../image/manifest.ts";
import { selectPlatform } from "../image/select-platform.ts";
import { MEDIA_TYPES, type Descriptor, type Image } from "../image/types.ts";
import type { Store } from "../store/types.ts";

const INDEXES: ReadonlySet<string> = new Set([MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerIndex]);
const LAYOUT = "oci-layout://";

/** Brings the image of an OCI layout (`oci-layout://DIR[:TAG]`) into the store, its layers too. */
export function importLayout(store: Store, source: string, platform: Platform): Image {
  const { directory, tag } = splitSource(source);
  const index = parseIndexDocument(readLayoutFile(directory, "index.json"));
  const named = index.manifests.filter(
    ({ annotations }) => tag === undefined || annotations?.["org.opencontainers.image.ref.name"] === tag,
  );
  const found = named.length === 1 ? named[0] : selectPlatform({ ...index, manifests: named }, platform);
  if (found === undefined)
    throw new TsbuildError("IMAGE_NOT_FOUND", `Cannot find an image in OCI layout "${directory}"`);
  const chosen = INDEXES.has(found.mediaType)
    ? selectPlatform(parseIndexDocument(importBlob(store, directory, found)), platform)
    : found;
  const manifest = parseManifest(importBlob(store, directory, chosen), chosen.mediaType);
  const config = parseImageConfig(importBlob(store, directory, manifest.config));
  for (const layer of manifest.layers) importFile(store, directory, layer);
  return { manifest, config };
}

function splitSource(source: string): { directory: string; tag: string | undefined } {
  const path = source.startsWith(LAYOUT) ? source.slice(LAYOUT.length) : source;
  const colon = path.lastIndexOf(":");
  if (colon > path.lastIndexOf("/") && !existsSync(path))
    return { directory: path.slice(0, colon), tag: path.slice(colon + 1) };
  return { directory: path, tag: undefined };
}

function importBlob(store: Store, directory: string, { digest }: Descriptor): Buffer {
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
