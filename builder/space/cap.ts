import type { Store } from "../store/types.ts";
import { collect, type Remove } from "./collect.ts";
import type { PruneResult } from "./types.ts";
import { addUsage, defaultCap, estimateUsage } from "./usage.ts";

/** Room for the builds to come: else each of them would have to look at everything again. */
const LOW = 0.9;

/**
 * Keeps the cache below `cap` bytes, at the end of a build. A build that added nothing costs nothing, and one that did a
 * small read; everything is looked at only when the cap may have been passed.
 */
export async function enforceCap(
  store: Store,
  cap: number | undefined,
  remove: Remove,
): Promise<PruneResult | undefined> {
  const written = store.written();
  if (written === 0) return undefined;
  const known = estimateUsage(store.root);
  addUsage(store, written);
  const limit = cap ?? defaultCap(store.root);
  const estimate = known === undefined ? undefined : (estimateUsage(store.root) ?? Infinity);
  // The first build of a store knows what it wrote, as all of it is its own.
  if (estimate !== undefined && estimate <= limit) return undefined;
  const request = { all: true, mounts: true, keepBytes: limit } as const;
  return collect(store, { ...request, keepBytes: estimate === undefined ? limit : limit * LOW }, remove, {
    wait: false,
  });
}
