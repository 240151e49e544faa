import type { Digest } from "../core/digest.ts";
import { sha256 } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { printable } from "../core/bytes.ts";
import type { Platform } from "../core/platform.ts";
import { parseManifestOrIndex } from "../image/manifest.ts";
import { imageFor, selectPlatform } from "../image/select-platform.ts";
import { MEDIA_TYPES, type Descriptor, type Manifest } from "../image/types.ts";
import { CACHE_CONFIG_TYPE, parseCache, type CacheDocument } from "./document.ts";
import { readInlineCache } from "./inline.ts";

/** What a cache or an image is read out of. */
export interface Documents {
  /** The manifest or index that the cache's name leads to; with a digest, that one. */
  manifest(digest?: Digest): Promise<{ readonly raw: Buffer; readonly mediaType: string }>;
  blob(descriptor: Descriptor): AsyncIterable<Uint8Array>;
}

const IMAGE_CONFIGS: ReadonlySet<string> = new Set([MEDIA_TYPES.ociConfig, MEDIA_TYPES.dockerConfig]);
/** A config is read into memory in one piece. */
const MAX_CONFIG = 32 << 20;

/** Reads a cache, or those that the images of some platforms carry: manifests and configs, no layer. */
export async function loadCache(
  documents: Documents,
  platforms: readonly Platform[],
  label: string,
): Promise<CacheDocument> {
  const what = `the cache ${label}`;
  const manifests = await chosenManifests(documents, platforms, what);
  const caches = await Promise.all(manifests.map((manifest) => cacheOf(documents, manifest, what)));
  return {
    layers: caches.flatMap(({ layers }) => layers),
    records: caches.flatMap(({ records }) => records),
  };
}

async function cacheOf(documents: Documents, manifest: Manifest, what: string): Promise<CacheDocument> {
  const { mediaType } = manifest.config;
  const config = async (): Promise<Buffer> => readConfig(documents, manifest.config, what);
  if (mediaType === CACHE_CONFIG_TYPE) return parseCache(await config(), what);
  if (IMAGE_CONFIGS.has(mediaType)) {
    const inline = readInlineCache(await config(), manifest.layers, what);
    if (inline !== undefined) return inline;
    throw new TsbuildError("UNSUPPORTED", `Cannot read ${what}: it is an image that carries no cache`, {
      hint: "build it with --cache-to type=inline, or name what --cache-to type=registry wrote",
    });
  }
  throw new TsbuildError(
    "UNSUPPORTED",
    `Cannot read ${what}: it is no cache of tsbuild's, but ${printable(mediaType.slice(0, 120))}`,
    { hint: "a cache that another builder made has other keys; export one with tsbuild" },
  );
}

/** One manifest, or those of an index that are for the platforms: as many of these as it has, and at least one. */
async function chosenManifests(
  documents: Documents,
  platforms: readonly Platform[],
  what: string,
): Promise<readonly Manifest[]> {
  const top = await documents.manifest();
  const document = parseManifestOrIndex(top.raw, top.mediaType);
  if ("layers" in document) return [document];
  const offered = platforms.filter((platform) => imageFor(document, platform) !== undefined);
  // Where it has none of them, choosing one says what it has.
  const wanted = offered.length > 0 ? offered : platforms.slice(0, 1);
  const digests = new Set(wanted.map((platform) => selectPlatform(document, platform).digest));
  return Promise.all([...digests].map((digest) => innerManifest(documents, digest, what)));
}

async function innerManifest(documents: Documents, digest: Digest, what: string): Promise<Manifest> {
  const chosen = await documents.manifest(digest);
  const inner = parseManifestOrIndex(chosen.raw, chosen.mediaType);
  if ("layers" in inner) return inner;
  throw new TsbuildError("IMAGE_INVALID", `Cannot read ${what}: its index leads to another index`);
}

async function readConfig(documents: Documents, descriptor: Descriptor, what: string): Promise<Buffer> {
  const { size, digest } = descriptor;
  if (size > MAX_CONFIG) {
    throw new TsbuildError("IMAGE_INVALID", `Cannot read ${what}: its config has ${size} bytes`);
  }
  const chunks: Uint8Array[] = [];
  let received = 0;
  for await (const chunk of documents.blob(descriptor)) {
    received += chunk.length;
    if (received > size) break;
    chunks.push(chunk);
  }
  const raw = Buffer.concat(chunks);
  if (received === size && sha256(raw) === digest) return raw;
  throw new TsbuildError("DIGEST_MISMATCH", `Cannot read ${what}: its config is not ${digest}`);
}
