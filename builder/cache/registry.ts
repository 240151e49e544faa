import { createReadStream } from "node:fs";
import { sha256 } from "../core/digest.ts";
import { lazy } from "../core/lazy.ts";
import type { Platform } from "../core/platform.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import { MEDIA_TYPES } from "../image/types.ts";
import { impatient } from "../registry/impatient.ts";
import type { PushBlob } from "../registry/push.ts";
import type { RegistryClient, Repository } from "../registry/types.ts";
import { loadCache } from "./load.ts";
import type { CacheSource, CacheTarget, OutgoingBlob } from "./places.ts";

const READ_SIZE = 1 << 20;
/** A cache saves time: whoever waits for it longer than this had better work. */
const PATIENCE_MS = 15_000;

/** Where in a registry, and how long that may be silent. */
interface InRegistry {
  readonly ref: string;
  readonly timeoutMs?: number;
}

/** A cache, or an image that carries one, in a registry. */
export function registrySource(
  open: () => Promise<RegistryClient>,
  { ref, timeoutMs }: InRegistry,
  platforms: readonly Platform[],
): CacheSource {
  const client = lazy(async () => impatient(await open(), timeoutMs ?? PATIENCE_MS));
  const reference = withDefaultTag(parseReference(ref));
  const repository: Repository = { registry: reference.registry, name: reference.repository };
  const label = formatReference(reference);
  return {
    label,
    repository,
    async load(signal) {
      const registry = await client();
      const documents = {
        manifest: (digest = reference.digest ?? reference.tag ?? "latest") =>
          registry.getManifest(repository, digest, signal),
        blob: (descriptor: Parameters<RegistryClient["getBlob"]>[1]) =>
          registry.getBlob(repository, descriptor, signal),
      };
      return loadCache(documents, platforms, label);
    },
    async *open(blob, signal) {
      yield* (await client()).getBlob(repository, blob, signal);
    },
  };
}

/** A cache as an image manifest in a registry, which keeps it as it keeps images. */
export function registryTarget(
  open: () => Promise<RegistryClient>,
  { ref, timeoutMs }: InRegistry,
): CacheTarget {
  const client = lazy(async () => impatient(await open(), timeoutMs ?? PATIENCE_MS));
  const reference = withDefaultTag(parseReference(ref));
  return {
    label: formatReference(reference),
    async write({ manifest, config, configDescriptor, blobs }, writing) {
      const { pushImage } = await import("../registry/push.ts");
      await pushImage({
        ...writing,
        slots: writing.slots.toward(reference.registry),
        client: await client(),
        reference,
        manifest: { raw: manifest, digest: sha256(manifest), mediaType: MEDIA_TYPES.ociManifest },
        blobs: [...blobs.map(pushed), { descriptor: configDescriptor, open: () => once(config) }],
      });
    },
    async bring(blob, writing) {
      const { pushBlobs } = await import("../registry/push.ts");
      const slots = writing.slots.toward(reference.registry);
      await pushBlobs({ ...writing, slots, client: await client(), reference, blobs: [pushed(blob)] });
    },
  };
}

function pushed({ descriptor, sources, path }: OutgoingBlob): PushBlob {
  return { descriptor, sources, open: () => fileOf(path), ready: path };
}

async function* fileOf(path: () => Promise<string>): AsyncGenerator<Uint8Array> {
  yield* createReadStream(await path(), { highWaterMark: READ_SIZE });
}

async function* once(data: Buffer): AsyncGenerator<Uint8Array> {
  yield data;
}
