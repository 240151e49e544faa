import type { Thing } from "./thing-list.ts";
import type { ItemKind, PruneRequest } from "./types.ts";

/** Made again at the cost of time alone, and small, or dear to people: taken only when they say so. */
const ON_REQUEST: ReadonlySet<ItemKind> = new Set(["mount", "context", "plan"]);

/** Cache: what nobody would miss but for the time that it takes to make it again. */
export function isCache({ item }: Thing): boolean {
  return item.keptBy.length === 0 && item.kind !== "image" && item.kind !== "container";
}

/** What a request takes, in the order of going: least recently used first, of equals the upper layers. */
export function select(things: readonly Thing[], request: PruneRequest, now: number): Thing[] {
  const cache = things.filter(isCache);
  const wanted = cache.filter((thing) => !thing.item.inUse && matches(thing, request, now));
  wanted.sort((a, b) => a.item.lastUsed - b.item.lastUsed || a.weight - b.weight);
  if (request.keepBytes === undefined) return wanted;
  let left = cache.reduce((sum, { item }) => sum + item.size, 0);
  const keep = request.keepBytes;
  return wanted.filter(({ item }) => {
    if (left <= keep) return false;
    left -= item.size;
    return true;
  });
}

function matches({ item }: Thing, request: PruneRequest, now: number): boolean {
  const { all, mounts, unusedFor, ids, kinds } = request;
  if (kinds !== undefined && !kinds.includes(item.kind)) return false;
  if (ids !== undefined && !ids.some((id) => item.id.startsWith(id))) return false;
  if (unusedFor !== undefined && item.lastUsed > now - unusedFor) return false;
  // Who names a thing means it.
  if (all || ids !== undefined || kinds !== undefined) return true;
  return !ON_REQUEST.has(item.kind) || (item.kind === "mount" && mounts);
}
