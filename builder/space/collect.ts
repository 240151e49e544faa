import type { Store } from "../store/types.ts";
import { addTombstones } from "../store/tombstones.ts";
import { takeInventory } from "./inventory.ts";
import { dropPassing, findNeeds } from "./needs.ts";
import { othersOf } from "./others.ts";
import { isCache, select } from "./select.ts";
import { sweep } from "./sweep.ts";
import type { Thing } from "./thing-list.ts";
import { thingsOf } from "./things.ts";
import type { PruneRequest, PruneResult, SpaceReport } from "./types.ts";
import { writeUsage } from "./usage.ts";

/** Removes directories, whoever owns what is in them: the helper's. */
export type Remove = (directories: readonly string[]) => Promise<void>;

/** One process at a time removes things. */
const LOCK = "space";
/** Times of files are as coarse as the kernel's tick (CONFIG_HZ=100: 10 ms). */
const SLACK = 20;

/** What takes space, and why it is kept. */
export async function reportSpace(store: Store): Promise<SpaceReport> {
  const inventory = takeInventory(store, true);
  const things = thingsOf(inventory, findNeeds(store), await horizonOf(store));
  const items = [...things.map(({ item }) => item), ...othersOf(store.root, inventory)];
  items.sort((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1));
  return {
    items,
    total: sumOf(items),
    shared: sumOf(items.filter(({ shared }) => shared)),
    reclaimable: sumOf(things.filter((thing) => isCache(thing) && !thing.item.inUse).map(({ item }) => item)),
  };
}

/**
 * Removes what a request asks for, of that which no image, no container and no session that lives needs. Waits for other
 * processes that do the same, or, with `wait` false, leaves it to them: undefined.
 */
export async function collect(
  store: Store,
  request: PruneRequest,
  remove: Remove,
  { wait, signal }: { readonly wait: boolean; readonly signal?: AbortSignal },
): Promise<PruneResult | undefined> {
  using lock = wait
    ? await store.locks.acquire(LOCK, { ...(signal && { signal }) })
    : await store.locks.tryAcquire(LOCK);
  if (lock === undefined) return undefined;
  const horizon = await horizonOf(store);
  const inventory = takeInventory(store);
  const needs = findNeeds(store);
  const things = thingsOf(inventory, needs, horizon);
  const now = Date.now();
  const { items, keys } = await sweep(store, stillUnneeded(store, select(things, request, now)), remove);
  addTombstones(store, keys, now);
  dropPassing(store);
  const cache = sumOf(things.filter(isCache).map(({ item }) => item));
  const bytes = sumOf(items);
  writeUsage(store, cache - bytes);
  return { removed: items, bytes, left: cache - bytes };
}

/** Somebody may have named an image while everything was looked at. */
function stillUnneeded(store: Store, things: readonly Thing[]): readonly Thing[] {
  if (things.length === 0) return things;
  const { layers } = findNeeds(store);
  return things.filter(({ layer }) => layer === undefined || !layers.has(layer));
}

/** What was used since then may be in use by a session that lives. */
async function horizonOf(store: Store): Promise<number> {
  return Math.min(Date.now(), ...(await store.livingSince())) - SLACK;
}

function sumOf(items: readonly { readonly size: number }[]): number {
  return items.reduce((sum, { size }) => sum + size, 0);
}
