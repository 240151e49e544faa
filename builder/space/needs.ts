import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDigest, shortDigest, type DiffId, type Digest } from "../core/digest.ts";
import { familiarName, parseReference } from "../image/reference.ts";
import { readRecord } from "../store/files.ts";
import { namesIn } from "../store/names-in.ts";
import { removeImage } from "../store/remove-image.ts";
import type { RefTarget, Store } from "../store/types.ts";

/** What images and containers need, and which: never removed. */
export interface Needs {
  readonly layers: ReadonlyMap<DiffId, ReadonlySet<string>>;
  /** Manifests, configs and layers. */
  readonly blobs: ReadonlyMap<Digest, ReadonlySet<string>>;
  /** What the documents among the blobs are. */
  readonly documents: ReadonlyMap<Digest, DocumentKind>;
  /** Names below snapshots/. */
  readonly snapshots: ReadonlySet<string>;
}

type DocumentKind = "index" | "manifest" | "config";

/** Bigger is no manifest (distribution's limit is the same). */
const MAX_DOCUMENT = 4 << 20;

/** Follows every name and every container to what it needs. */
export function findNeeds(store: Store): Needs {
  const layers = new Map<DiffId, Set<string>>();
  const blobs = new Map<Digest, Set<string>>();
  const documents = new Map<Digest, DocumentKind>();
  const snapshots = new Set<string>();
  const addLayers = (value: unknown, who: string): void => {
    if (Array.isArray(value)) for (const id of value) if (isDigest(id)) note(layers, id as DiffId, who);
  };
  const follow = (root: Digest, who: string, withLayers = true): void => {
    const seen = new Set([root]);
    for (const digest of seen) {
      note(blobs, digest, who);
      const document = readDocument(store, digest);
      if (document === undefined) continue;
      documents.set(digest, kindOf(document));
      if (withLayers) addLayers(Object(document["rootfs"]).diff_ids, who);
      if (withLayers) for (const layer of digestsOf(document["layers"])) note(blobs, layer, who);
      for (const next of digestsOf([document["config"]], document["manifests"])) seen.add(next);
    }
  };
  for (const { name, target } of store.refs.list()) {
    const image = isDigest(name) ? shortDigest(name) : familiarName(parseReference(name));
    for (const root of [target.digest, ...(target.referrers ?? [])])
      follow(root, `image ${image}`, !isPassing(name, target));
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

/**
 * Drops the images without a name that builds left and whose layers have gone with the rest of the cache: nobody asked to
 * keep them.
 */
export function dropPassing(store: Store): void {
  for (const { name, target } of store.refs.list()) {
    if (!isPassing(name, target)) continue;
    const manifests = [target.digest, ...digestsOf(readDocument(store, target.digest)?.["manifests"])];
    const layers = manifests.flatMap((digest) => digestsOf(readDocument(store, digest)?.["layers"]));
    if (!layers.every((digest) => store.blobs.has(digest))) removeImage(store, name);
  }
}

function kindOf(document: Readonly<Record<string, unknown>>): DocumentKind {
  if ("manifests" in document) return "index";
  return "layers" in document ? "manifest" : "config";
}

function isPassing(name: string, { origin }: RefTarget): boolean {
  return isDigest(name) && origin === "built";
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
