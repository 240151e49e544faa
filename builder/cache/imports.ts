import type { DiffId } from "../core/digest.ts";
import { lazy } from "../core/lazy.ts";
import type { Descriptor } from "../image/types.ts";
import type { CacheDocument, TravellingRecord } from "./document.ts";
import type { CacheSource } from "./places.ts";
import type { Cache, CacheKey, CacheRecord, LocalCache } from "./types.ts";

/** A layer that a cache has. */
export interface Offer {
  readonly source: CacheSource;
  readonly blob: Descriptor;
}

export interface ImportOptions {
  readonly local: LocalCache;
  readonly sources: readonly CacheSource[];
  /** Reads a source; undefined where it cannot be read, of which the user has been told. */
  load(source: CacheSource): Promise<CacheDocument | undefined>;
  /** Makes a layer of these offers known; true where it can be opened, by them or anyway. */
  openLayer(diffId: DiffId, offers: readonly Offer[]): boolean;
}

/**
 * The cache of this machine, and behind it caches from elsewhere, in order. They are read when this machine's does not
 * know a key. What one of them knows is known here from then on.
 */
export function importingCache({ local, sources, load, openLayer }: ImportOptions): Cache {
  let loaded: readonly Imported[] | undefined;
  const loading = lazy(async () => {
    const documents = await Promise.all(
      sources.map(async (source) => ({ source, document: await load(source) })),
    );
    loaded = documents.flatMap(({ source, document }) =>
      document === undefined ? [] : [index(source, document)],
    );
    return loaded;
  });
  const find = (key: CacheKey, imported: readonly Imported[]): CacheRecord | undefined => {
    for (const { records } of imported) {
      const found = records.get(key);
      if (found === undefined) continue;
      const { aliases, ...record } = found;
      const offers = (diffId: DiffId): readonly Offer[] =>
        imported.flatMap((one) => one.offers.get(diffId) ?? []);
      if (!record.layers.every((diffId) => openLayer(diffId, offers(diffId)))) continue;
      local.put(record);
      for (const alias of aliases) local.alias(alias, record.key);
      return record;
    }
    return undefined;
  };
  return {
    put: (record) => local.put(record),
    alias: (alias, key) => local.alias(alias, key),
    get(key) {
      const here = local.get(key);
      if (here?.layers.every((diffId) => openLayer(diffId, [])) === true) return here;
      // What this machine knows, but has lost the layers of, another cache may still have.
      if (loaded !== undefined) return find(key, loaded) ?? here;
      return loading().then((imported) => find(key, imported) ?? here);
    },
  };
}

/** A cache by what it is asked for. */
interface Imported {
  readonly records: ReadonlyMap<CacheKey, TravellingRecord>;
  readonly offers: ReadonlyMap<DiffId, readonly Offer[]>;
}

function index(source: CacheSource, { layers, records }: CacheDocument): Imported {
  const byKey = new Map<CacheKey, TravellingRecord>();
  for (const record of records) {
    for (const key of record.aliases) byKey.set(key, record);
  }
  // A record's own key counts more than what another one says that it is also found by.
  for (const record of records) byKey.set(record.key, record);
  const offers = new Map<DiffId, readonly Offer[]>();
  for (const { diffId, blob } of layers) {
    if (blob !== undefined) offers.set(diffId, [{ source, blob }]);
  }
  return { records: byKey, offers };
}
