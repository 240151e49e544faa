import { basename } from "node:path";
import { hexOf, type DiffId, type Digest } from "../core/digest.ts";
import type { Needs } from "./needs.ts";
import type { Found, FoundFolder, FoundRecord, Inventory, Item } from "./types.ts";

/** An item and what it is made of, in the order in which that has to go. */
export interface Thing {
  readonly item: Item;
  readonly records: readonly FoundRecord[];
  /** The file that says that the rest is there: who uses the item touches it. */
  readonly gate?: Found;
  readonly layer?: DiffId;
  readonly files: readonly Found[];
  readonly folders: readonly FoundFolder[];
  /** How many records rest on it: of equally old layers the upper ones go first. */
  readonly weight: number;
}

/** Sorts what was found into things that can go on their own. `horizon`: what was used since may be in use (ms). */
export function thingsOf(inventory: Inventory, needs: Needs, horizon: number): Thing[] {
  const owned = new Set<string>();
  const resting = new Map<DiffId, FoundRecord[]>();
  for (const record of inventory.records) {
    for (const layer of record.layers) {
      const known = resting.get(layer);
      if (known === undefined) resting.set(layer, [record]);
      else known.push(record);
    }
  }
  const take = <K, T extends { readonly path: string } | { readonly file: Found }>(
    map: ReadonlyMap<K, T>,
    key: K | undefined,
  ): T[] => {
    const found = key === undefined ? undefined : map.get(key);
    if (found === undefined) return [];
    const { path } = "file" in found ? found.file : found;
    if (owned.has(path)) return [];
    owned.add(path);
    return [found];
  };
  const things: Thing[] = [];
  const add = (
    kind: Item["kind"],
    id: string,
    description: string,
    parts: Partial<Omit<Thing, "item">>,
    facts: { readonly time?: number; readonly created?: number; readonly keptBy?: Iterable<string> } = {},
  ): void => {
    const { records = [], files = [], folders = [], gate, weight = 0 } = parts;
    const keys = records.flatMap(({ file, aliases }) => [file, ...aliases.map((alias) => alias.file)]);
    const own = kind === "layer" ? [] : [...files, ...folders.map(({ file }) => file)];
    const uses = [...(gate === undefined ? own : [gate]), ...keys];
    const lastUsed = facts.time ?? uses.reduce((last, { mtimeMs }) => Math.max(last, mtimeMs), 0);
    const keptBy = [...(facts.keptBy ?? [])].sort();
    // Of several layers' records each counts where it is the last.
    const recorded =
      kind === "layer" ? records.filter((record) => record.layers.at(-1) === parts.layer) : records;
    const counted = [
      ...files,
      ...(gate === undefined ? [] : [gate]),
      ...recorded.flatMap(({ file, aliases }) => [file, ...aliases.map((alias) => alias.file)]),
      ...folders,
    ];
    const item: Item = {
      kind,
      id,
      description,
      size: counted.reduce((sum, { size }) => sum + size, 0),
      created: facts.created ?? recorded.reduce((first, { created }) => Math.min(first, created), lastUsed),
      lastUsed,
      keptBy,
      inUse: lastUsed >= horizon,
      shared: keptBy.length > 1 || (keptBy.length > 0 && records.length > 0),
    };
    things.push({ ...parts, item, records, files, folders, weight });
  };

  for (const { diffId, file: gate, record } of inventory.layers.values()) {
    const records = resting.get(diffId) ?? [];
    const blobs = [diffId, ...record.compressed.map(({ digest }) => digest)].flatMap((digest) =>
      take<Digest, Found>(inventory.blobs, digest),
    );
    const own = records.find((one) => one.layers.at(-1) === diffId);
    const keptBy = new Set(needs.layers.get(diffId));
    for (const digest of [diffId, ...record.compressed.map((form) => form.digest)])
      for (const who of needs.blobs.get(digest) ?? []) keptBy.add(who);
    if (record.snapshot !== undefined && needs.snapshots.has(record.snapshot)) keptBy.add("container");
    const parts = {
      gate,
      layer: diffId,
      records,
      weight: records.length,
      files: [...blobs, ...take(inventory.indexes, diffId)],
      folders: take(inventory.snapshots, record.snapshot),
    };
    add("layer", hexOf(diffId), own?.description ?? "layer of a base image", parts, { keptBy });
  }
  for (const record of inventory.records) {
    if (record.layers.some((layer) => inventory.layers.has(layer))) continue;
    add("record", hexOf(record.key), record.description, { records: [record] });
  }
  for (const { name, file, blob, description } of inventory.sources)
    add("source", name, description, { gate: file, files: take(inventory.blobs, blob) });
  for (const folder of inventory.mounts) add("mount", folder.id, folder.description, { folders: [folder] });
  for (const folder of inventory.containers)
    add("container", folder.id, folder.description, { folders: [folder] }, { keptBy: ["its name"] });
  for (const file of inventory.contexts)
    add("context", basename(file.path), "files of a build context", { files: [file] });
  for (const file of inventory.plans)
    add("plan", basename(file.path), "plan of a Dockerfile", { files: [file] });
  for (const [digest, file] of inventory.blobs) {
    if (owned.has(file.path)) continue;
    const keptBy = needs.blobs.get(digest);
    const kind = keptBy === undefined ? "orphan" : "image";
    const what =
      keptBy === undefined
        ? "blob that nothing leads to"
        : (needs.documents.get(digest) ?? "layer that is not unpacked");
    add(kind, hexOf(digest), what, { files: [file] }, { ...(keptBy && { keptBy }) });
  }
  for (const [diffId, file] of inventory.indexes)
    if (!owned.has(file.path))
      add("orphan", hexOf(diffId), "index of a layer that is gone", { files: [file] });
  for (const [name, folder] of inventory.snapshots) {
    if (owned.has(folder.file.path)) continue;
    // Its own times are those of the image's files; that of its last rename cannot be set.
    const facts = { time: folder.file.ctimeMs, ...(needs.snapshots.has(name) && { keptBy: ["container"] }) };
    add("orphan", name, "unpacked layer that nothing leads to", { folders: [folder] }, facts);
  }
  return things;
}
