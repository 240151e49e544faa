import { sha256 } from "../core/digest.ts";
import { canonicalJson, type Json } from "../core/json.ts";
import type { CacheKey } from "./types.ts";

/** To be raised when a record of before must not be found any more: ops or layers are made differently. */
export const KEY_FORMAT = "tsbuild cache key, format 2";

/** The key of what is written in `inputs`: equal inputs, equal keys. */
export function cacheKey(inputs: Json): CacheKey {
  return sha256(`${KEY_FORMAT}\n${canonicalJson(inputs)}`) as CacheKey;
}
