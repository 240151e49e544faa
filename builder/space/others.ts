import { join } from "node:path";
import { bytesOf } from "../core/bytes.ts";
import { namesIn } from "../store/names-in.ts";
import { findFile, sizeOf } from "./find.ts";
import type { Inventory, Item } from "./types.ts";

/** What lies in the store beside the things that can be removed, by folder. */
const FOLDERS: Readonly<Record<string, string>> = {
  code: "compiled code of the command",
  journal: "what was built where last, for explain",
  failed: "the step that failed last, for shell",
  tmp: "what commands are making, or left when they were killed",
};

/** All that an inventory has not, so that the sizes of both come to that of the store. */
export function othersOf(root: string, inventory: Inventory): Item[] {
  const counted = new Set(pathsOf(inventory));
  const named = namesIn(root).filter((name) => name in FOLDERS);
  for (const name of named) counted.add(bytesOf(join(root, name)));
  const folders = named.map((name) => itemOf(name, FOLDERS[name] ?? "", join(root, name)));
  return [...folders, itemOf("store", "names, locks, folders", root, counted)];
}

function itemOf(id: string, description: string, path: string, without?: ReadonlySet<string>): Item {
  const time = findFile(path)?.mtimeMs ?? 0;
  const { size } = sizeOf(path, without);
  const facts = { created: time, lastUsed: time, keptBy: ["the store"], inUse: false, shared: false };
  return { kind: "other", id, description, size, ...facts };
}

function pathsOf({ records, ...inventory }: Inventory): string[] {
  const { layers, blobs, indexes, snapshots, sources, mounts, containers, contexts, plans } = inventory;
  const keys = records.flatMap(({ file, aliases }) => [file, ...aliases.map((alias) => alias.file)]);
  const files = [...blobs.values(), ...indexes.values(), ...contexts, ...plans, ...keys];
  const owners = [...layers.values(), ...snapshots.values(), ...sources, ...mounts, ...containers];
  return [...files, ...owners.map(({ file }) => file)].map(({ path }) => bytesOf(path));
}
