import { printable } from "../core/bytes.ts";
import { sha256 } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { normalizePlatform, type Platform } from "../core/platform.ts";
import { readDocument, type Fields } from "./fields.ts";
import { MEDIA_TYPES, type Descriptor, type Index, type Manifest } from "./types.ts";

const INDEX_TYPES: ReadonlySet<string> = new Set([MEDIA_TYPES.ociIndex, MEDIA_TYPES.dockerIndex]);
const MANIFEST_TYPES: ReadonlySet<string> = new Set([MEDIA_TYPES.ociManifest, MEDIA_TYPES.dockerManifest]);

/** What decides how a document is read. */
const KEYS: ReadonlySet<string> = new Set(["manifests", "layers", "config"]);

/** Reads the manifest of an image. `mediaType` is what came beside it (Content-Type, a descriptor's), where there is one. */
export function parseManifest(raw: Buffer, mediaType?: string): Manifest {
  const document = parseManifestOrIndex(raw, mediaType);
  if ("layers" in document) return document;
  throw new TsbuildError("IMAGE_INVALID", "Cannot read the manifest: it is an index of several images");
}

/** Reads an index (docker: manifest list). */
export function parseIndexDocument(raw: Buffer, mediaType?: string): Index {
  const document = parseManifestOrIndex(raw, mediaType);
  if ("manifests" in document) return document;
  throw new TsbuildError("IMAGE_INVALID", "Cannot read the index: it is the manifest of one image");
}

/** Reads what a tag may name; a Manifest has `layers`, an Index `manifests`. */
export function parseManifestOrIndex(raw: Buffer, mediaType?: string): Manifest | Index {
  const fields = readDocument(raw, "the manifest");
  refuseSchema1(fields, mediaType);
  refuseOtherCase(fields);
  const isIndex = fields.has("manifests");
  // CVE-2021-41190: a document that is both things is read differently by different tools.
  if (isIndex && (fields.has("layers") || fields.has("config"))) {
    throw fields.invalid('it has both "manifests" and "layers" or "config", so it is ambiguous');
  }
  if (!isIndex && !fields.has("layers")) throw fields.invalid('it has neither "layers" nor "manifests"');
  if (fields.optionalInteger("schemaVersion") !== 2) throw fields.invalid('"schemaVersion" is not 2');
  const common = {
    raw,
    digest: sha256(raw),
    mediaType: decideMediaType(fields, isIndex, mediaType),
    annotations: fields.stringMap("annotations") ?? {},
  };
  if (isIndex) return { ...common, manifests: (fields.objects("manifests") ?? []).map(readDescriptor) };
  return {
    ...common,
    config: readDescriptor(fields.object("config")),
    layers: (fields.objects("layers") ?? []).map(readDescriptor),
  };
}

/** Go's encoding/json, and so most other tools, take "Layers" for "layers". */
function refuseOtherCase(fields: Fields): void {
  const wrong = Object.keys(fields.mapValues(() => undefined)).find(
    (key) => KEYS.has(key.toLowerCase()) && !KEYS.has(key),
  );
  if (wrong !== undefined)
    throw fields.invalid(`it has "${wrong}" in letters of another case, so it is ambiguous`);
}

function refuseSchema1(fields: Fields, mediaType: string | undefined): void {
  if (!fields.has("fsLayers") && mediaType?.includes("docker.distribution.manifest.v1+") !== true) return;
  throw new TsbuildError(
    "IMAGE_INVALID",
    "Cannot read the manifest: it is in docker's schema 1, which has no digests of its layers' content",
    { hint: "push the image again with a docker of this decade" },
  );
}

/** The document's own word, which must agree with its shape and with what came beside it. */
function decideMediaType(fields: Fields, isIndex: boolean, beside: string | undefined): string {
  const allowed = isIndex ? INDEX_TYPES : MANIFEST_TYPES;
  const own = fields.optionalString("mediaType");
  const given = beside?.split(";", 1)[0]?.trim().toLowerCase();
  for (const type of [own, given]) {
    if (type === undefined || allowed.has(type)) continue;
    // What web servers say about any JSON is no statement about this one.
    if (type === given && !INDEX_TYPES.has(type) && !MANIFEST_TYPES.has(type)) continue;
    throw fields.invalid(
      `its media type is "${printable(type.slice(0, 120))}", which does not fit its content`,
    );
  }
  if (own !== undefined) {
    if (given !== undefined && allowed.has(given) && given !== own) {
      throw fields.invalid(`it says that it is ${own}, but it was given as ${given}`);
    }
    return own;
  }
  if (given !== undefined && allowed.has(given)) return given;
  return isIndex ? MEDIA_TYPES.ociIndex : MEDIA_TYPES.ociManifest;
}

function readDescriptor(fields: Fields): Descriptor {
  const platform = readPlatform(fields.optionalObject("platform"));
  const annotations = fields.stringMap("annotations");
  return {
    mediaType: fields.string("mediaType"),
    digest: fields.digest("digest"),
    size: fields.size("size"),
    ...(platform === undefined ? {} : { platform }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}

function readPlatform(fields: Fields | undefined): Platform | undefined {
  if (fields === undefined) return undefined;
  const variant = fields.optionalString("variant");
  const osVersion = fields.optionalString("os.version");
  return normalizePlatform({
    os: fields.string("os"),
    architecture: fields.string("architecture"),
    ...(variant ? { variant } : {}),
    ...(osVersion ? { osVersion } : {}),
  });
}
