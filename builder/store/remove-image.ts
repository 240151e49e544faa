import { readFileSync } from "node:fs";
import { isDigest, type Digest } from "../core/digest.ts";
import type { RefTarget, Store } from "./types.ts";

/** Bigger is no manifest (distribution's limit is the same). */
const MAX_DOCUMENT = 4 << 20;

/**
 * Removes a name and the manifests and configs that no other name leads to. Layers stay: they are the cache. False where
 * there is no such name.
 */
export function removeImage(store: Store, name: string): boolean {
  const target = store.refs.get(name);
  if (target === undefined || !store.refs.delete(name)) return false;
  const documents = documentsOf(store, rootsOf(target));
  for (const digest of inUse(store, documents).keys()) documents.delete(digest);
  for (const digest of documents.keys()) store.blobs.delete(digest);
  // Somebody may have named the image again meanwhile: what that name needs is put back.
  const wanted = inUse(store, documents);
  for (const [digest, bytes] of documents) if (wanted.has(digest)) store.blobs.put(bytes);
  return true;
}

/** `removed` stands in for what is not in the store any more. */
function inUse(store: Store, removed: ReadonlyMap<Digest, Buffer>): Map<Digest, Buffer> {
  const roots = store.refs.list().flatMap(({ target }) => rootsOf(target));
  return documentsOf(store, roots, removed);
}

function rootsOf({ digest, referrers = [] }: RefTarget): readonly Digest[] {
  return [digest, ...referrers];
}

/** Manifests, indexes and configs (OCI image-spec) that are here and that some roots lead to. */
function documentsOf(
  store: Store,
  roots: readonly Digest[],
  spare: ReadonlyMap<Digest, Buffer> = new Map(),
): Map<Digest, Buffer> {
  const documents = new Map<Digest, Buffer>();
  const seen = new Set(roots);
  for (const digest of seen) {
    const bytes = spare.get(digest) ?? documentOf(store, digest);
    if (bytes === undefined) continue;
    documents.set(digest, bytes);
    for (const next of linksOf(bytes)) seen.add(next);
  }
  return documents;
}

function documentOf({ blobs }: Store, digest: Digest): Buffer | undefined {
  const size = blobs.size(digest);
  if (size === undefined || size > MAX_DOCUMENT) return undefined;
  return readFileSync(blobs.path(digest));
}

/** What a document points to, but for layers; a config points to nothing. */
function linksOf(bytes: Buffer): Digest[] {
  let document: { readonly config?: unknown; readonly manifests?: unknown };
  try {
    document = Object(JSON.parse(bytes.toString("utf8")));
  } catch {
    return [];
  }
  const { config, manifests } = document;
  return [config, ...(Array.isArray(manifests) ? manifests : [])]
    .map((descriptor) => Object(descriptor).digest as unknown)
    .filter(isDigest);
}
