import type { Digest } from "../core/digest.ts";
import { sha256 } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { printable } from "../core/bytes.ts";
import type { Platform } from "../core/platform.ts";
import { parseManifestOrIndex } from "../image/manifest.ts";
import { selectPlatform } from "../image/select-platform.ts";
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

/** Reads a cache, or the one that an image carries: a manifest and a config, no layer. */
export async function loadCache(
  documents: Documents,
  platform: Platform,
  label: string,
): Promise<CacheDocument> {
  const what = `the cache ${label}`;
  const manifest = await oneManifest(documents, platform, what);
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

async function oneManifest(documents: Documents, platform: Platform, what: string): Promise<Manifest> {
  const top = await documents.manifest();
  const document = parseManifestOrIndex(top.raw, top.mediaType);
  if ("layers" in document) return document;
  const { digest } = selectPlatform(document, platform);
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
