import { parseJson } from "../core/json.ts";
import { Fields } from "../image/fields.ts";
import type { Descriptor } from "../image/types.ts";
import { cacheJson, readCache, type CacheDocument } from "./document.ts";

/** What `tsbuild cache save` writes: a cache, which --cache-from reads as any other, and cache mounts beside it. */
export interface Bundle extends CacheDocument {
  readonly mounts: readonly BundledMount[];
}

/** The directory of a RUN --mount=type=cache. */
export interface BundledMount {
  /** Hash of its id, as the store names it. */
  readonly id: string;
  readonly slot: string;
  /** Milliseconds since 1970. */
  readonly used: number;
  /** Tars that are one archive together, in order. */
  readonly parts: readonly Descriptor[];
}

/** Media type of a part of a cache mount. */
export const MOUNT_TYPE = "application/vnd.tsbuild.mount.v1.tar";
/** The tag of a bundle in its OCI layout; --cache-from asks for this one where no other is named. */
export const BUNDLE_TAG = "latest";

const LIMITS = { bytes: 32 << 20, mounts: 10_000, parts: 100_000 };

export function serializeBundle(bundle: Bundle): Buffer {
  return Buffer.from(JSON.stringify({ ...cacheJson(bundle), mounts: bundle.mounts }));
}

/** Reads what may come from anybody: a name that is made into a path has one shape, and everything has a limit. */
export function parseBundle(raw: Buffer, what: string): Bundle {
  const fields = new Fields(parseJson(raw, what), what);
  const mounts = fields.objects("mounts") ?? [];
  if (raw.length > LIMITS.bytes || mounts.length > LIMITS.mounts) throw fields.invalid("it is too large");
  return { ...readCache(fields, what), mounts: mounts.map(readMount) };
}

function readMount(fields: Fields): BundledMount {
  const id = fields.string("id");
  const slot = fields.string("slot");
  if (!isMountName(id, slot)) throw fields.invalid("a cache mount has a name that the store does not give");
  const parts = fields.objects("parts") ?? [];
  if (parts.length > LIMITS.parts) throw fields.invalid("a cache mount has too many parts");
  return {
    id,
    slot,
    used: fields.size("used"),
    parts: parts.map((part) => ({
      mediaType: MOUNT_TYPE,
      digest: part.digest("digest"),
      size: part.size("size"),
    })),
  };
}

/** Whether these are names that cache mounts have in a store. */
export function isMountName(id: string, slot: string): boolean {
  return /^[0-9a-f]{64}$/.test(id) && /^(0|[1-9]\d{0,3})$/.test(slot);
}
