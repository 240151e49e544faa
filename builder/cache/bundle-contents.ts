import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { hexOf, type Digest, type DiffId } from "../core/digest.ts";
import { MEDIA_TYPES, type Descriptor } from "../image/types.ts";
import { namesIn } from "../store/names-in.ts";
import type { Store } from "../store/types.ts";
import { isMountName } from "./bundle-document.ts";
import type { TravellingRecord } from "./document.ts";
import { readRecordFile } from "./local.ts";
import type { CacheKey } from "./types.ts";

/** A record, and when it was last used. */
export interface UsedRecord extends TravellingRecord {
  readonly used: number;
}

/** A cache mount of the store. */
export interface StoredMount {
  readonly id: string;
  readonly slot: string;
  readonly used: number;
  /** The directory of the slot; absolute. */
  readonly path: string;
}

/** Every record of a store with the keys that lead to it. */
export function storedRecords(store: Store): readonly UsedRecord[] {
  const folder = join(store.root, "records");
  const records = new Map<CacheKey, UsedRecord>();
  const aliases: { readonly alias: CacheKey; readonly key: CacheKey; readonly used: number }[] = [];
  for (const name of namesIn(folder)) {
    if (!/^[0-9a-f]{64}$/.test(name)) continue;
    const key = `sha256:${name}` as CacheKey;
    const used = statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs;
    const stored = used === undefined ? undefined : readRecordFile(join(folder, name));
    if (stored === undefined || used === undefined) continue;
    if ("alias" in stored) aliases.push({ alias: key, key: stored.alias, used });
    else records.set(key, { key, ...stored, used: Math.floor(used), aliases: [] });
  }
  for (const { alias, key, used } of aliases) {
    const record = records.get(key);
    if (record === undefined) continue;
    const last = Math.max(record.used, Math.floor(used));
    records.set(key, { ...record, used: last, aliases: [...record.aliases, alias] });
  }
  return [...records.values()];
}

/** Every cache mount of a store. */
export function storedMounts(store: Store): readonly StoredMount[] {
  const root = join(store.root, "mounts");
  return namesIn(root).flatMap((id) =>
    namesIn(join(root, id)).flatMap((slot): readonly StoredMount[] => {
      const path = join(root, id, slot);
      if (!isMountName(id, slot) || !existsSync(join(path, "data"))) return [];
      const used = Math.max(statSync(path).mtimeMs, statSync(join(path, "data")).mtimeMs);
      return [{ id, slot, path, used: Math.floor(used) }];
    }),
  );
}

/** The smallest form of a layer that is here, as a file. */
export function storedBlob(
  store: Store,
  diffId: DiffId,
): (Descriptor & { readonly path: string }) | undefined {
  const { blobs } = store;
  const here = ({ digest }: { readonly digest: Digest }): boolean => blobs.use(digest);
  const form = store.layers.get(diffId)?.compressed.find(here);
  if (form !== undefined) return { ...form, path: blobs.path(form.digest) };
  if (!here({ digest: diffId })) return undefined;
  const size = blobs.size(diffId);
  return size === undefined
    ? undefined
    : { mediaType: MEDIA_TYPES.ociLayer, digest: diffId, size, path: blobs.path(diffId) };
}

/** Where a record's file lies. */
export function recordPath(store: Store, key: CacheKey): string {
  return join(store.root, "records", hexOf(key));
}
