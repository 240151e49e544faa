import type { Digest } from "../core/digest.ts";
import { openLock } from "../../runtime/mounts/cache-mounts.ts";
import type { Store } from "../store/types.ts";
import { findFile } from "./find.ts";
import type { Thing } from "./thing-list.ts";
import { Trash } from "./trash.ts";
import type { FoundRecord, Item } from "./types.ts";

/** What a sweep did. */
export interface Swept {
  readonly items: readonly Item[];
  /** Of records that are gone. */
  readonly keys: readonly Digest[];
}

/**
 * Takes things out of the store, each so that nobody finds half of it: first the records that lead to it, then its gate,
 * then what lies behind. Who wants to use it touches the gate first: either that fails, and it is not there, or it is seen
 * here, and the thing stays. So what lies behind a gate that could be taken is used by nobody.
 */
export async function sweep(
  store: Store,
  things: readonly Thing[],
  remove: (directories: readonly string[]) => Promise<void>,
): Promise<Swept> {
  const items: Item[] = [];
  const gone = new Map<string, Digest>();
  if (things.length === 0) return { items, keys: [] };
  const trash = new Trash(store);
  for (const thing of things) {
    const undo: (() => void)[] = [];
    const records = thing.records.filter(({ key }) => !gone.has(key));
    const taken =
      records.every((record) => takeRecord(trash, record, undo)) &&
      (thing.gate === undefined || taking(trash.take(thing.gate), undo));
    if (!taken) {
      for (const restore of undo.reverse()) restore();
      continue;
    }
    if (thing.layer !== undefined) store.layers.forget(thing.layer);
    if (!(await takeRest(store, trash, thing))) continue;
    for (const { key, aliases } of records)
      for (const one of [key, ...aliases.map((alias) => alias.key)]) gone.set(one, one);
    items.push(thing.item);
  }
  await trash.empty(remove);
  return { items, keys: [...gone.values()] };
}

/** Aliases first: they say nothing without their record. */
function takeRecord(trash: Trash, { file, aliases }: FoundRecord, undo: (() => void)[]): boolean {
  return [...aliases.map((alias) => alias.file), file].every((one) => taking(trash.take(one), undo));
}

function taking(restore: (() => void) | undefined, undo: (() => void)[]): boolean {
  if (restore !== undefined) undo.push(restore);
  return restore !== undefined;
}

/** False for a cache mount that is being opened. */
async function takeRest(store: Store, trash: Trash, { item, files, folders }: Thing): Promise<boolean> {
  for (const file of files) trash.take(file);
  for (const { file } of folders) {
    if (item.kind !== "mount") {
      trash.takeFolder(file.path);
      continue;
    }
    // A mount has no gate: who opens it holds this lock until it has touched the directory.
    using lock = await store.locks.tryAcquire(openLock(store, file.path));
    if (lock === undefined || findFile(file.path)?.mtimeMs !== file.mtimeMs) return false;
    trash.takeFolder(file.path);
  }
  return true;
}
