import { basename } from "node:path";
import { hexOf, type DiffId, type Digest } from "../core/digest.ts";
import type { Needs } from "./needs.ts";
import { ThingList, type Thing } from "./thing-list.ts";
import type { Found, FoundRecord, Inventory } from "./types.ts";

/** Sorts what was found into things that can go on their own. `horizon`: what was used since may be in use (ms). */
export function thingsOf(inventory: Inventory, needs: Needs, horizon: number): Thing[] {
  const list = new ThingList(horizon);
  addLayers(list, inventory, needs);
  addOthers(list, inventory);
  addRemains(list, inventory, needs);
  return list.things;
}

/** Layers, each with its blobs, its index, its snapshot and the records that end in it. */
function addLayers(list: ThingList, inventory: Inventory, needs: Needs): void {
  const resting = restingOn(inventory.records);
  for (const { diffId, file: gate, record } of inventory.layers.values()) {
    const records = resting.get(diffId) ?? [];
    const forms = [diffId, ...record.compressed.map(({ digest }) => digest)];
    const blobs = forms.flatMap((digest) => list.take<Digest, Found>(inventory.blobs, digest));
    const own = records.find((one) => one.layers.at(-1) === diffId);
    const keptBy = new Set(needs.layers.get(diffId));
    for (const digest of forms) for (const who of needs.blobs.get(digest) ?? []) keptBy.add(who);
    if (record.snapshot !== undefined && needs.snapshots.has(record.snapshot)) keptBy.add("container");
    const parts = {
      gate,
      layer: diffId,
      records,
      weight: records.length,
      files: [...blobs, ...list.take(inventory.indexes, diffId)],
      folders: list.take(inventory.snapshots, record.snapshot),
    };
    list.add("layer", hexOf(diffId), own?.description ?? "layer of a base image", parts, { keptBy });
  }
}

function restingOn(records: readonly FoundRecord[]): ReadonlyMap<DiffId, FoundRecord[]> {
  const resting = new Map<DiffId, FoundRecord[]>();
  for (const record of records) {
    for (const layer of record.layers) {
      const known = resting.get(layer);
      if (known === undefined) resting.set(layer, [record]);
      else known.push(record);
    }
  }
  return resting;
}

/** What is no layer and no part of one. */
function addOthers(list: ThingList, inventory: Inventory): void {
  for (const record of inventory.records) {
    if (record.layers.some((layer) => inventory.layers.has(layer))) continue;
    list.add("record", hexOf(record.key), record.description, { records: [record] });
  }
  for (const { name, file, blob, description } of inventory.sources)
    list.add("source", name, description, { gate: file, files: list.take(inventory.blobs, blob) });
  for (const folder of inventory.mounts)
    list.add("mount", folder.id, folder.description, { folders: [folder] });
  for (const folder of inventory.containers)
    list.add("container", folder.id, folder.description, { folders: [folder] }, { keptBy: ["its name"] });
  for (const file of inventory.contexts)
    list.add("context", basename(file.path), "files of a build context", { files: [file] });
  for (const file of inventory.plans)
    list.add("plan", basename(file.path), "plan of a Dockerfile", { files: [file] });
}

/** What belongs to nothing that was found before: documents of images, and what nothing leads to. */
function addRemains(list: ThingList, inventory: Inventory, needs: Needs): void {
  for (const [digest, file] of inventory.blobs) {
    if (list.isOwned(file)) continue;
    const keptBy = needs.blobs.get(digest);
    if (keptBy === undefined)
      list.add("orphan", hexOf(digest), "blob that nothing leads to", { files: [file] });
    else {
      const what = needs.documents.get(digest) ?? "layer that is not unpacked";
      list.add("image", hexOf(digest), what, { files: [file] }, { keptBy });
    }
  }
  for (const [diffId, file] of inventory.indexes)
    if (!list.isOwned(file))
      list.add("orphan", hexOf(diffId), "index of a layer that is gone", { files: [file] });
  for (const [name, folder] of inventory.snapshots) {
    if (list.isOwned(folder)) continue;
    // Its own times are those of the image's files; that of its last rename cannot be set.
    const facts = { time: folder.file.ctimeMs, ...(needs.snapshots.has(name) && { keptBy: ["container"] }) };
    list.add("orphan", name, "unpacked layer that nothing leads to", { folders: [folder] }, facts);
  }
}
