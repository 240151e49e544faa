import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDigest, type DiffId, type Digest } from "../core/digest.ts";
import { familiarName, parseReference } from "../image/reference.ts";
import { readRecord } from "../store/files.ts";
import { namesIn } from "../store/names-in.ts";
import type { Store } from "../store/types.ts";

/** What images and containers need, and which: never removed. */
export interface Needs {
  readonly layers: ReadonlyMap<DiffId, ReadonlySet<string>>;
  /** Manifests, configs and layers. */
  readonly blobs: ReadonlyMap<Digest, ReadonlySet<string>>;
  /** The documents among the blobs. */
  readonly documents: ReadonlySet<Digest>;
  /** Names below snapshots/. */
  readonly snapshots: ReadonlySet<string>;
}

/** Bigger is no manifest (distribution's limit is the same). */
const MAX_DOCUMENT = 4 << 20;

/** Follows every name and every container to what it needs. */
export function findNeeds(store: Store): Needs {
  const layers = new Map<DiffId, Set<string>>();
  const blobs = new Map<Digest, Set<string>>();
  const documents = new Set<Digest>();
  const snapshots = new Set<string>();
  const addLayers = (value: unknown, who: string): void => {
    if (Array.isArray(value)) for (const id of value) if (isDigest(id)) note(layers, id as DiffId, who);
  };
  const follow = (root: Digest, who: string): void => {
    const seen = new Set([root]);
    for (const digest of seen) {
      note(blobs, digest, who);
      const document = readDocument(store, digest);
      if (document === undefined) continue;
      documents.add(digest);
      addLayers(Object(document["rootfs"]).diff_ids, who);
      for (const layer of digestsOf(document["layers"])) note(blobs, layer, who);
      for (const next of digestsOf([document["config"]], document["manifests"])) seen.add(next);
    }
  };
  for (const { name, target } of store.refs.list()) {
    const image = familiarName(parseReference(name));
    for (const root of [target.digest, ...(target.referrers ?? [])]) follow(root, `image ${image}`);
  }
  for (const id of namesIn(join(store.root, "containers"))) {
    const who = `container ${id.slice(0, 12)}`;
    const container = readRecord(join(store.root, "containers", id, "container.json")) ?? {};
    addLayers(container["layers"], who);
    for (const digest of [container["manifest"], container["imageId"]])
      if (isDigest(digest)) follow(digest, who);
    for (const name of listOf(container["snapshots"])) if (typeof name === "string") snapshots.add(name);
  }
  return { layers, blobs, documents, snapshots };
}

function note<K>(map: Map<K, Set<string>>, key: K, who: string): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, new Set([who]));
  else known.add(who);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function digestsOf(...lists: readonly unknown[]): Digest[] {
  return lists.flatMap((list) => listOf(list).map((item) => Object(item).digest as unknown)).filter(isDigest);
}

function readDocument(store: Store, digest: Digest): Readonly<Record<string, unknown>> | undefined {
  const size = store.blobs.size(digest);
  if (size === undefined || size > MAX_DOCUMENT) return undefined;
  try {
    const bytes = readFileSync(store.blobs.path(digest));
    // A layer begins with something else: most are not even read as JSON.
    if (bytes[0] !== 0x7b) return undefined;
    const value: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
