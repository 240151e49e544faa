import { rmSync } from "node:fs";
import { join } from "node:path";
import { hexOf, type DiffId, type Digest } from "../core/digest.ts";
import { readRecordFile } from "../cache/local.ts";
import type { Store } from "../store/types.ts";
import { findProblems, type CompareSnapshot } from "./check.ts";
import type { Remove } from "./collect.ts";
import { findDigests } from "./find.ts";
import type { CheckResult, Problem } from "./types.ts";

/** Dropping a thing may leave another without what it needs: so often at most. */
const ROUNDS = 8;

/** Looks for problems and drops what is broken, until nothing is. */
export async function repairStore(
  store: Store,
  compare: CompareSnapshot,
  remove: Remove,
  signal: AbortSignal,
): Promise<CheckResult> {
  const lock = await store.locks.acquire("space", { signal });
  try {
    return await repair(store, compare, remove);
  } finally {
    lock[Symbol.dispose]();
  }
}

async function repair(store: Store, compare: CompareSnapshot, remove: Remove): Promise<CheckResult> {
  const all: Problem[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const problems = await findProblems(store, compare);
    all.push(...problems);
    if (problems.length === 0) return { problems: all, repaired: true };
    for (const problem of problems) await drop(store, problem, remove);
  }
  return { problems: all, repaired: false };
}

async function drop(store: Store, { kind, id, layer }: Problem, remove: Remove): Promise<void> {
  switch (kind) {
    case "blob":
      store.blobs.delete(`sha256:${id}` as Digest);
      return;
    case "index":
      return removeFile(store, "indexes", id);
    case "record":
      return removeFile(store, "records", id);
    case "ref":
      return removeFile(store, "refs", id);
    case "name":
      store.refs.delete(id);
      return;
    case "snapshot":
    case "layer":
      // The record of a layer with a bad snapshot goes too: what else it has is found again when it is pulled or built.
      if (layer !== undefined) dropLayer(store, layer);
      if (kind === "snapshot") await remove([join(store.root, "snapshots", id)]);
  }
}

/** Removes the records that rest on a layer, then what is known of the layer. */
function dropLayer(store: Store, layer: DiffId): void {
  for (const { path } of findDigests(join(store.root, "records")).values()) {
    const stored = readRecordFile(path);
    if (stored !== undefined && "layers" in stored && stored.layers.includes(layer))
      rmSync(path, { force: true });
  }
  removeFile(store, "layers", hexOf(layer));
  store.layers.forget(layer);
}

function removeFile(store: Store, folder: string, name: string): void {
  rmSync(join(store.root, folder, name), { force: true });
}
