import type { DiffId } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { parseJson, type Json } from "../core/json.ts";
import { Fields } from "../image/fields.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import { cacheKey, KEY_FORMAT } from "./key.ts";
import type { CacheKey, CacheRecord } from "./types.ts";

/** The config of a cache: an OCI image manifest whose config has this media type is one. */
export const CACHE_CONFIG_TYPE = "application/vnd.tsbuild.cache.v1+json";

/** A cache as it travels. */
export interface CacheDocument {
  readonly layers: readonly CacheLayer[];
  readonly records: readonly TravellingRecord[];
}

/** A layer of a record. One of the base image has no blob: whoever finds the record has that image. */
export interface CacheLayer {
  readonly diffId: DiffId;
  readonly blob?: Descriptor;
}

/** A record and the other keys that find it. */
export interface TravellingRecord extends CacheRecord {
  readonly aliases: readonly CacheKey[];
  /** When a build last asked for it, in milliseconds since 1970, where that is known. */
  readonly used?: number;
}

/** A cache may come from anybody: what is larger was not made by a build. */
const LIMITS = {
  bytes: 32 << 20,
  layers: 20_000,
  records: 20_000,
  layersOfRecord: 1000,
  aliases: 64,
  depth: 64,
};

const LAYER_TYPES: ReadonlySet<string> = new Set([
  MEDIA_TYPES.ociLayer,
  MEDIA_TYPES.ociLayerGzip,
  MEDIA_TYPES.ociLayerZstd,
  MEDIA_TYPES.dockerLayer,
  MEDIA_TYPES.dockerLayerGzip,
]);

/** The bytes of a document. Layers are named by their place in the list; keys follow from what they are made of. */
export function serializeCache({ layers, records }: CacheDocument): Buffer {
  return Buffer.from(JSON.stringify(cacheJson({ layers, records })));
}

/** The same as a value, for where it is part of another document. */
export function cacheJson({ layers, records }: CacheDocument): object {
  const places = new Map(layers.map(({ diffId }, index) => [diffId, index]));
  return {
    format: 1,
    keys: KEY_FORMAT,
    layers: layers.map(({ diffId, blob }) => ({ diffId, blob })),
    records: records.map(({ inputs, layers: own, created, aliases, used }) => ({
      inputs,
      layers: own.map((diffId) => places.get(diffId)),
      created,
      used,
      aliases: aliases.length === 0 ? undefined : aliases,
    })),
  };
}

/** Reads a document that nobody vouches for; `what` names it in messages. */
export function parseCache(raw: Buffer, what: string): CacheDocument {
  if (raw.length > LIMITS.bytes) throw tooMuch(what, `it has ${raw.length} bytes`);
  return readCache(new Fields(parseJson(raw, what), what), what);
}

/** Reads the value that `cacheJson` made. */
export function readCache(fields: Fields, what: string): CacheDocument {
  if (fields.optionalInteger("format") !== 1 || fields.string("keys") !== KEY_FORMAT) {
    throw new TsbuildError("UNSUPPORTED", `Cannot read ${what}: another version of tsbuild made it`, {
      hint: "the build goes on without it; export it again with this version",
    });
  }
  const layers = (fields.objects("layers") ?? []).map(readLayer);
  const records = fields.objects("records") ?? [];
  if (layers.length > LIMITS.layers) throw tooMuch(what, `it has ${layers.length} layers`);
  if (records.length > LIMITS.records) throw tooMuch(what, `it has ${records.length} records`);
  return { layers, records: records.map((record) => readRecord(record, layers, what)) };
}

function readLayer(fields: Fields): CacheLayer {
  const diffId = fields.digest("diffId") as DiffId;
  const blob = fields.optionalObject("blob");
  if (blob === undefined) return { diffId };
  const mediaType = blob.string("mediaType");
  // It comes to stand in manifests of images.
  if (!LAYER_TYPES.has(mediaType)) throw fields.invalid("a layer has a media type that layers do not have");
  return { diffId, blob: { mediaType, digest: blob.digest("digest"), size: blob.size("size") } };
}

function readRecord(fields: Fields, layers: readonly CacheLayer[], what: string): TravellingRecord {
  const own = fields.integers("layers") ?? [];
  const aliases = fields.digests("aliases") ?? [];
  if (own.length > LIMITS.layersOfRecord) throw tooMuch(what, `a record has ${own.length} layers`);
  if (aliases.length > LIMITS.aliases) throw tooMuch(what, `a record has ${aliases.length} aliases`);
  const inputs = fields.any("inputs") as Json;
  checkDepth(inputs, LIMITS.depth, what);
  return {
    // Not read: a record is found by what it says that it was made from.
    key: cacheKey(inputs),
    inputs,
    created: fields.size("created"),
    ...(fields.has("used") ? { used: fields.size("used") } : {}),
    layers: own.map((place) => {
      const layer = layers[place];
      if (layer === undefined) throw fields.invalid(`a record has layer ${place}, which is not in the list`);
      return layer.diffId;
    }),
    aliases: aliases as readonly CacheKey[],
  };
}

function checkDepth(value: unknown, left: number, what: string): void {
  if (typeof value !== "object" || value === null) return;
  if (left === 0) throw tooMuch(what, "a record is nested too deeply");
  for (const member of Object.values(value)) checkDepth(member, left - 1, what);
}

function tooMuch(what: string, state: string): TsbuildError {
  return new TsbuildError("IMAGE_INVALID", `Cannot read ${what}: ${state}, more than a build makes`);
}
