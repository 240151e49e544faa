import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { readRecordFile } from "../cache/local.ts";
import type { CacheKey } from "../cache/types.ts";
import { isDigest, type DiffId, type Digest } from "../core/digest.ts";
import { readRecord } from "../store/files.ts";
import { namesIn } from "../store/names-in.ts";
import type { Store } from "../store/types.ts";
import { describe } from "./describe.ts";
import { findDigests, findFile, findFiles, findFolder } from "./find.ts";
import type { Found, FoundFolder, FoundLayer, FoundRecord, FoundSource, Inventory } from "./types.ts";

/**
 * Looks at all that is in a store. Whoever removes what this found has to look again (trash.ts). `measure`: looks into
 * snapshots as well, of which else their layers' tars tell the size.
 */
export function takeInventory(store: Store, measure = false): Inventory {
  const { root } = store;
  // Layers before blobs and snapshots: what is made meanwhile is then found without its layer, and is too young to go.
  const layers = findLayers(store);
  return {
    layers,
    records: findRecords(root),
    blobs: findDigests<Digest>(join(root, "blobs/sha256")),
    indexes: findDigests<DiffId>(join(root, "indexes")),
    snapshots: findSnapshots(root, layers, measure),
    sources: findSources(root),
    mounts: namesIn(join(root, "mounts")).flatMap((name) => findSlots(root, name)),
    containers: namesIn(join(root, "containers")).flatMap(
      (name) => findFolder(join(root, "containers", name), name, "container") ?? [],
    ),
    contexts: ["context", "contents", "copies", "logs"].flatMap((name) => findFiles(join(root, name))),
    plans: findFiles(join(root, "plans")),
  };
}

function findLayers(store: Store): Map<DiffId, FoundLayer> {
  const layers = new Map<DiffId, FoundLayer>();
  for (const [diffId, file] of findDigests<DiffId>(join(store.root, "layers"))) {
    const record = store.layers.peek(diffId);
    if (record !== undefined) layers.set(diffId, { diffId, file, record });
  }
  return layers;
}

function findRecords(root: string): FoundRecord[] {
  const aliases = new Map<CacheKey, { key: CacheKey; file: Found }[]>();
  const records: Omit<FoundRecord, "aliases">[] = [];
  for (const [key, file] of findDigests<CacheKey>(join(root, "records"))) {
    const stored = readRecordFile(file.path);
    if (stored === undefined) {
      records.push({ key, file, layers: [], created: file.ctimeMs, description: "torn record" });
    } else if ("alias" in stored) {
      aliases.set(stored.alias, [...(aliases.get(stored.alias) ?? []), { key, file }]);
    } else {
      const { layers, created, inputs } = stored;
      records.push({ key, file, layers, created, description: describe(inputs) });
    }
  }
  const found = records.map((record) => {
    const own = aliases.get(record.key) ?? [];
    aliases.delete(record.key);
    return { ...record, aliases: own };
  });
  // An alias of what is gone finds nothing.
  const lost = [...aliases.values()].flat().map(({ key, file }): FoundRecord => ({
    key,
    file,
    layers: [],
    created: file.ctimeMs,
    description: "record of a step whose result is gone",
    aliases: [],
  }));
  return [...found, ...lost];
}

/** A snapshot holds about what its layer's tar does; where nobody knows that, its files are counted. */
function findSnapshots(
  root: string,
  layers: ReadonlyMap<DiffId, FoundLayer>,
  measure: boolean,
): Map<string, FoundFolder> {
  const sizes = new Map<string, number>();
  for (const { record } of layers.values()) {
    if (record.snapshot !== undefined && record.size !== undefined) sizes.set(record.snapshot, record.size);
  }
  const snapshots = new Map<string, FoundFolder>();
  for (const id of namesIn(join(root, "snapshots"))) {
    const path = join(root, "snapshots", id);
    const [description, size] = ["unpacked layer", sizes.get(id)];
    const file = size === undefined || measure ? undefined : findFile(path);
    const found =
      file === undefined || size === undefined
        ? findFolder(path, id, description, size)
        : { id, file, size, description };
    if (found !== undefined) snapshots.set(id, found);
  }
  return snapshots;
}

function findSources(root: string): FoundSource[] {
  return findFiles(join(root, "sources")).map((file) => {
    const { blob, digest, url } = readRecord(file.path) ?? {};
    const named = [blob, digest].find(isDigest);
    const name = basename(file.path);
    const description = typeof url === "string" ? url : name.startsWith("git-") ? "commit" : "download";
    return { name, file, blob: named, description };
  });
}

/** mounts/<hash of the id>/<slot>; the id lies beside them. */
function findSlots(root: string, name: string): FoundFolder[] {
  const folder = join(root, "mounts", name);
  return namesIn(folder)
    .filter((slot) => /^\d+$/.test(slot))
    .flatMap((slot) => findFolder(join(folder, slot), `${name.slice(0, 24)}-${slot}`, idOf(folder)) ?? []);
}

function idOf(folder: string): string {
  try {
    return `cache mount ${readFileSync(join(folder, "id"), "utf8")}`;
  } catch {
    return "cache mount";
  }
}
