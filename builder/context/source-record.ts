import { readFileSync } from "node:fs";
import type { Store } from "../store/types.ts";

/**
 * What was fetched from a URL or a repository, so that the next build need not fetch it again: sources/ of the store.
 * A record that is torn, or whose blob is gone, is one that never was.
 */
export function readSourceRecord(store: Store, name: string): Readonly<Record<string, unknown>> | undefined {
  const path = store.path("sources", name);
  if (!store.touch(path)) return undefined;
  try {
    const value: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a record; `name` is made here, of digits alone, never of what a server said. */
export function writeSourceRecord(
  store: Store,
  name: string,
  record: Readonly<Record<string, unknown>>,
): void {
  store.writeFile(store.path("sources", name), JSON.stringify(record));
}
