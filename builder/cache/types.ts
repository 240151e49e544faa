import type { DiffId, Digest } from "../core/digest.ts";
import type { Json } from "../core/json.ts";
import type { LayerCompression } from "../image/layer-types.ts";

/** How long a cache's registry may be silent. */
interface Patience {
  /** Milliseconds without a byte until it is given up; 15 s where nothing is said. timeout= */
  readonly timeoutMs?: number;
}

/** --cache-from: a cache of before. */
export type CacheFrom =
  | ({ readonly type: "registry"; readonly ref: string } & Patience)
  /** `digest` counts more than `tag`. */
  | { readonly type: "local"; readonly src: string; readonly tag: string; readonly digest?: Digest };

/** Which steps an exported cache has: those whose layers are in the result, or all. */
export type CacheMode = "min" | "max";

interface CacheToCommon {
  readonly mode: CacheMode;
  /** gzip where nothing is said. compression= */
  readonly compression?: LayerCompression;
  /** What gzip (0-9) or zstd (1-22) shall spend. compression-level= */
  readonly level?: number;
  /** Layers that were pulled too, which else stay as they are. force-compression= */
  readonly force: boolean;
  /** False: a cache that could not be written fails the build. */
  readonly ignoreError: boolean;
}

/** --cache-to: where the cache goes. */
export type CacheTo =
  | ({ readonly type: "registry"; readonly ref: string } & Patience & CacheToCommon)
  /** `reset`: what other exports left in the directory goes. */
  | ({
      readonly type: "local";
      readonly dest: string;
      readonly tag: string;
      readonly reset: boolean;
    } & CacheToCommon)
  /** In the config of the image. */
  | { readonly type: "inline" };

/** Names the result of a step: by definition, or by the content that it works on (docs/dev/cache-keys.md). */
export type CacheKey = Digest & { readonly __cacheKey: true };

export interface CacheRecord {
  readonly key: CacheKey;
  /** What the key was made of, readable: `explain` compares it. */
  readonly inputs: Json;
  /** All layers of the result, bottom first. */
  readonly layers: readonly DiffId[];
  /** Milliseconds since 1970. */
  readonly created: number;
}

export interface Cache {
  /** The record of a key, or of the key that it is an alias of. A record whose layers are gone is a miss. */
  get(key: CacheKey): CacheRecord | undefined | Promise<CacheRecord | undefined>;
  put(record: CacheRecord): void;
  /** From now on `alias` finds the record of `key`. */
  alias(alias: CacheKey, key: CacheKey): void;
}

/** The cache of this machine answers at once. */
export interface LocalCache extends Cache {
  get(key: CacheKey): CacheRecord | undefined;
}

/** What a bundle holds after it was saved, or what was taken from it. */
export interface BundleReport {
  readonly records: number;
  readonly layers: number;
  readonly mounts: number;
  /** Bytes of all that it has. */
  readonly bytes: number;
  /** Bytes that were written. */
  readonly moved: number;
  /** How many records and cache mounts were left out. */
  readonly left: number;
}
