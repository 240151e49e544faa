import { setMaxListeners } from "node:events";
import type { Digest } from "../core/digest.ts";
import type { Emit } from "../core/events.ts";
import type { Slots } from "../core/slots.ts";
import { TsbuildError } from "../core/errors.ts";
import { shortDigest } from "../core/digest.ts";
import { formatReference, withDefaultTag, type Reference } from "../image/reference.ts";
import type { Descriptor } from "../image/types.ts";
import type { ReferrerManifest, RegistryClient, Repository, StartedUpload } from "./types.ts";

/** One blob of an image, and how to read it. */
export interface PushBlob {
  readonly descriptor: Descriptor;
  /** Brings it here, where it is not: called before `open`, where the registry lacks it. */
  ready?(): Promise<unknown>;
  /** Called only where the registry lacks it; again for each retry. */
  open(): AsyncIterable<Uint8Array>;
  /** Repositories that have it: in the same registry it need not travel. */
  readonly sources?: readonly Repository[];
}

/** A manifest or index as it will lie in the registry. */
export interface PushManifest {
  readonly raw: Buffer;
  readonly digest: Digest;
  readonly mediaType: string;
}

/** Blobs on their way to a repository. */
export interface BlobsRequest {
  readonly client: RegistryClient;
  readonly reference: Reference;
  /** Of an image: all that its manifest names, config and layers. */
  readonly blobs: readonly PushBlob[];
  readonly slots: Pick<Slots, "use">;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

export interface PushRequest extends BlobsRequest {
  /** Further tags of the same repository. */
  readonly tags?: readonly string[];
  readonly manifest: PushManifest;
  /** Manifests that an index names; stored by digest before it. */
  readonly children?: readonly PushManifest[];
  /** What refers to this image, or to one of its index: before its name, too. */
  readonly referrers?: readonly ReferrerManifest[];
}

/** Pushes an image: its blobs side by side, and its name only when everything else is there. */
export async function pushImage(request: PushRequest): Promise<Digest> {
  const { client, signal, manifest } = request;
  const named = withDefaultTag(request.reference);
  const repository: Repository = { registry: named.registry, name: named.repository };
  await pushBlobs(request);
  for (const child of request.children ?? []) {
    await client.putManifest(repository, child.digest, child.mediaType, child.raw, signal);
  }
  for (const referrer of request.referrers ?? []) await client.putReferrer(repository, referrer, signal);
  for (const tag of [named.tag ?? manifest.digest, ...(request.tags ?? [])]) {
    await client.putManifest(repository, tag, manifest.mediaType, manifest.raw, signal);
  }
  return manifest.digest;
}

/** Brings blobs to a repository, side by side, where nothing names them yet. */
export async function pushBlobs(request: BlobsRequest): Promise<void> {
  const { signal } = request;
  const named = withDefaultTag(request.reference);
  const repository: Repository = { registry: named.registry, name: named.repository };
  const label = formatReference(named);
  // One failed blob ends the others: a push that cannot succeed shall not use the line.
  const others = new AbortController();
  const either = AbortSignal.any([signal, others.signal]);
  // Each blob listens: Node would take more than ten for a leak.
  setMaxListeners(Infinity, either);
  const unique = new Map(request.blobs.map((blob) => [blob.descriptor.digest, blob]));
  const pushes = [...unique.values()].map((blob) =>
    pushBlob(request, repository, label, blob, either).catch((error: unknown) => {
      others.abort(error);
      throw error;
    }),
  );
  const failed = (await Promise.allSettled(pushes)).some(({ status }) => status === "rejected");
  signal.throwIfAborted();
  if (failed) throw others.signal.reason;
}

/** Events of a transfer come at most once for so many bytes. */
const REPORT_BYTES = 1024 * 1024;

async function pushBlob(
  { client, emit, slots }: BlobsRequest,
  repository: Repository,
  label: string,
  { descriptor, ready, open, sources = [] }: PushBlob,
  signal: AbortSignal,
): Promise<void> {
  const { digest, size } = descriptor;
  let reported = 0;
  const report = (current: number, done: boolean): void => {
    reported = current;
    emit({
      type: "transfer",
      task: `push ${label} ${digest}`,
      label: `pushing ${shortDigest(digest)}`,
      current,
      total: size,
      done,
      time: Date.now(),
    });
  };
  const isThere = async (): Promise<boolean> => {
    report(0, false);
    if (await client.hasBlob(repository, digest, signal)) return true;
    for (const { registry, name } of sources) {
      if (registry !== repository.registry || name === repository.name) continue;
      if (await mounted(client, repository, digest, name, signal)) return true;
    }
    return false;
  };
  const bring = async (): Promise<void> => {
    if (await slots.use("network", signal, isThere)) return;
    const upload = async (): Promise<void> => {
      // Without a slot: bringing it here may take one.
      await ready?.();
      await slots.use("network", signal, () =>
        client.putBlob(repository, descriptor, open, signal, (current) => {
          // A retry begins again from nothing.
          if (current < reported || current - reported >= REPORT_BYTES) report(current, false);
        }),
      );
    };
    const other = startedUpload(client, repository, digest);
    await other?.done;
    const mount = (): Promise<boolean> => mounted(client, repository, digest, other?.name ?? "", signal);
    if (other === undefined || !(await slots.use("network", signal, mount))) {
      await noted(client, `${repository.registry} ${digest}`, repository.name, upload());
    }
  };
  await onceAtATime(client, `${repository.registry}/${repository.name} ${digest}`, repository.name, bring);
  report(size, true);
}

/**
 * Brings a blob to a repository, or waits for another push of this process, as that of a cache, which does. Twice at once
 * would disturb a registry that keeps files: it writes anew what a manifest that names the blob is checked against.
 */
async function onceAtATime(
  client: RegistryClient,
  key: string,
  name: string,
  bring: () => Promise<void>,
): Promise<void> {
  let failed: StartedUpload | undefined;
  for (let other = client.uploads.get(key); other !== failed; other = client.uploads.get(key)) {
    if (await other?.done) return;
    failed = other;
  }
  await noted(client, key, name, bring());
}

function startedUpload(
  client: RegistryClient,
  { registry, name }: Repository,
  digest: Digest,
): StartedUpload | undefined {
  const upload = client.uploads.get(`${registry} ${digest}`);
  return upload?.name === name ? undefined : upload;
}

async function noted(
  client: RegistryClient,
  key: string,
  name: string,
  upload: Promise<void>,
): Promise<void> {
  const done = upload.then(
    () => true,
    () => false,
  );
  client.uploads.set(key, { name, done });
  await upload;
}

async function mounted(
  client: RegistryClient,
  repository: Repository,
  digest: Digest,
  from: string,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    return await client.mountBlob(repository, digest, from, signal);
  } catch (error) {
    // Only a saving: who may not read that repository uploads.
    signal.throwIfAborted();
    if (error instanceof TsbuildError) return false;
    throw error;
  }
}
