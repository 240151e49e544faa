import type { DiffId, Digest } from "../core/digest.ts";
import type { Json } from "../core/json.ts";

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
  get(key: CacheKey): CacheRecord | undefined;
  put(record: CacheRecord): void;
  /** From now on `alias` finds the record of `key`. */
  alias(alias: CacheKey, key: CacheKey): void;
}
