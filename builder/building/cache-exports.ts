import { directoryTarget } from "../cache/directory.ts";
import {
  CACHE_CONFIG_TYPE,
  serializeCache,
  type CacheLayer,
  type TravellingRecord,
} from "../cache/document.ts";
import type { CacheTarget, OutgoingBlob, OutgoingCache } from "../cache/places.ts";
import { registryTarget } from "../cache/registry.ts";
import { selectRecords } from "../cache/select.ts";
import type { CacheKey, CacheTo, LocalCache } from "../cache/types.ts";
import { sha256, type DiffId } from "../core/digest.ts";
import { messageOf, TsbuildError } from "../core/errors.ts";
import { buildArtifact } from "../image/build.ts";
import type { LayerForm } from "../outputs/form.ts";
import { outgoingLayer, type OutgoingLayer } from "../outputs/outgoing.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions } from "../api/types.ts";

/** What of a finished build a cache is made of. */
export interface Exportable {
  /** For each step the keys that find its record. */
  readonly keys: readonly (readonly CacheKey[])[];
  readonly local: LocalCache;
  /** The layers of the result. */
  readonly result: readonly DiffId[];
  /** Layers of base images: who finds a record has its base image anyway. */
  readonly bases: ReadonlySet<DiffId>;
}

type Destination = Exclude<CacheTo, { readonly type: "inline" }>;

/** Writes the caches that --cache-to asks for, side by side. Only where it was asked for does a failure count. */
export async function exportCaches(
  session: Session,
  exportable: Exportable,
  options: Pick<BuildOptions, "cacheTo" | "signal" | "emit">,
  failures: ReadonlyMap<CacheTo, unknown> = new Map(),
): Promise<void> {
  const results = await Promise.allSettled(
    (options.cacheTo ?? []).map((to) =>
      to.type === "inline" ? undefined : exportCache(session, exportable, to, options, failures),
    ),
  );
  options.signal.throwIfAborted();
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function exportCache(
  session: Session,
  exportable: Exportable,
  to: Destination,
  { signal, emit }: Pick<BuildOptions, "signal" | "emit">,
  failures: ReadonlyMap<CacheTo, unknown>,
): Promise<void> {
  const target = openTarget(session, to);
  const name = `exporting the cache to ${target.label}`;
  emit({ type: "phase", name, state: "started", time: Date.now() });
  try {
    if (failures.has(to)) throw failures.get(to);
    const cache = await outgoingCache(session, exportable, to, signal);
    await target.write(cache, { slots: session.slots, signal, emit });
    emit({ type: "phase", name, state: "done", time: Date.now() });
  } catch (error) {
    emit({ type: "phase", name, state: "failed", time: Date.now() });
    signal.throwIfAborted();
    if (!to.ignoreError || !(error instanceof TsbuildError)) throw error;
    emit({ type: "warning", message: `the cache was not written to ${target.label}: ${messageOf(error)}` });
  }
}

function openTarget(session: Session, to: Destination): CacheTarget {
  switch (to.type) {
    case "registry":
      return registryTarget(session.registry, to);
    case "local":
      return directoryTarget(to.dest, to);
  }
}

async function outgoingCache(
  session: Session,
  { keys, local, result, bases }: Exportable,
  to: Destination,
  signal: AbortSignal,
): Promise<OutgoingCache> {
  const records = selectRecords(keys, local, to.mode, result);
  const blobs = new Map<DiffId, OutgoingBlob>();
  await Promise.all(
    diffIdsOf(records).map(async (diffId) => {
      if (!bases.has(diffId))
        blobs.set(diffId, await outgoingBlob(session, diffId, { ...to, format: "oci" }, signal));
    }),
  );
  const layers = diffIdsOf(records).map((diffId): CacheLayer => {
    const blob = blobs.get(diffId)?.descriptor;
    return blob === undefined ? { diffId } : { diffId, blob };
  });
  const outgoing = layers.flatMap(({ diffId }) => blobs.get(diffId) ?? []);
  const config = serializeCache({ layers, records });
  const configDescriptor = { mediaType: CACHE_CONFIG_TYPE, digest: sha256(config), size: config.length };
  const manifest = buildArtifact(
    configDescriptor,
    outgoing.map(({ descriptor }) => descriptor),
  );
  return { manifest, config, configDescriptor, blobs: outgoing };
}

async function outgoingBlob(
  session: Session,
  diffId: DiffId,
  form: LayerForm,
  signal: AbortSignal,
): Promise<OutgoingBlob> {
  const layer = session.layers.open(diffId);
  if (layer === undefined) {
    throw new TsbuildError("STORE_INVALID", `Cannot export layer ${diffId}: it is not in the store any more`);
  }
  return cacheBlob(await outgoingLayer(session.store, layer, form, { signal }));
}

/** A layer on its way out, as caches take it. */
export function cacheBlob({ mediaType, digest, size, sources, path }: OutgoingLayer): OutgoingBlob {
  return { descriptor: { mediaType, digest, size }, sources, path };
}

function diffIdsOf(records: readonly TravellingRecord[]): readonly DiffId[] {
  return [...new Set(records.flatMap(({ layers }) => layers))];
}
