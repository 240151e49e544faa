import { join } from "node:path";
import { hexOf, type Digest } from "../core/digest.ts";
import { readText } from "./files.ts";
import type { Store } from "./types.ts";

/** As many as the file has at most: the oldest are forgotten. */
const MAX = 4096;

/** When the cache's records were removed to make space: milliseconds since 1970, by the digits of the key. */
function readTombstones(root: string): ReadonlyMap<string, number> {
  const stones = new Map<string, number>();
  for (const line of (readText(join(root, "space/pruned")) ?? "").split("\n")) {
    const match = /^(\d{1,15}) ([0-9a-f]{64})$/.exec(line);
    if (match !== null) stones.set(match[2] ?? "", Number(match[1]));
  }
  return stones;
}

/** Asks when a record was removed; the file is read at the first question. */
export function prunedIn(root: string): (key: Digest) => number | undefined {
  let stones: ReadonlyMap<string, number> | undefined;
  return (key) => (stones ??= readTombstones(root)).get(hexOf(key));
}

/** Remembers records that are removed; the caller holds the lock of those who remove. */
export function addTombstones(store: Store, keys: readonly Digest[], time: number): void {
  if (keys.length === 0) return;
  const stones = new Map(readTombstones(store.root));
  for (const key of keys) {
    stones.delete(hexOf(key));
    stones.set(hexOf(key), Math.floor(time));
  }
  const lines = [...stones].slice(-MAX).map(([hex, when]) => `${when} ${hex}\n`);
  store.writeFile(store.path("space", "pruned"), lines.join(""));
}
