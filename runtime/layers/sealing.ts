import type { Digest } from "../../builder/core/digest.ts";
import { inSmallYoungSpace } from "../../builder/core/young-space.ts";
import { writeLayer } from "../../builder/layers/write-layer.ts";
import type { LayerIndex, NewChange } from "../../builder/layers/types.ts";
import type { AsideBlobWriter } from "../../builder/store/types.ts";
import { earlierTar } from "./earlier-tar.ts";
import type { TarProgress } from "./tar-progress.ts";
import type { LayerServices } from "./types.ts";

export interface SealOptions {
  readonly signal?: AbortSignal;
  readonly epoch?: number;
  /** What makes the layer, whatever is in it: parts of the tar are taken from what it made last, and a snapshot lies upon that. */
  readonly kin?: Digest | undefined;
  /** Asked when all bytes have been read: throws where they are not those that the layer is to be known by. */
  readonly check?: () => void;
}

/** The tar of a layer, in its place in the store, and what is where in it. */
export interface SealedTar {
  readonly digest: Digest;
  readonly size: number;
  readonly index: LayerIndex;
}

/** A writer in the second thread, where these changes are worth it. */
export function writerAside(
  { store }: LayerServices,
  changes: readonly NewChange[],
): Promise<AsideBlobWriter | undefined> {
  const size = changes.reduce((sum, change) => sum + (change.kind === "entry" ? change.entry.size : 0), 0);
  return store.blobs.createAside(size);
}

/** Writes the tar straight from where the bytes of the changes lie. */
export async function sealHere(
  { store }: LayerServices,
  changes: readonly NewChange[],
  { check, signal, epoch }: SealOptions,
): Promise<SealedTar> {
  using writer = store.blobs.create();
  const index = await writeLayer(changes, (chunk) => writer.write(chunk), { signal, epoch });
  check?.();
  return { ...writer.commit(), index };
}

/** The same with that writer, which is disposed of; `progress` is told how far it is. */
export async function sealAside(
  services: LayerServices,
  writer: AsideBlobWriter,
  changes: readonly NewChange[],
  options: SealOptions,
  progress?: TarProgress,
): Promise<SealedTar> {
  try {
    const tar = await inSmallYoungSpace(() => writeAside(services, writer, changes, options, progress));
    progress?.tell(tar.index.changes, "written");
    return tar;
  } catch (error) {
    progress?.fail();
    throw error;
  }
}

async function writeAside(
  { store, copies }: LayerServices,
  writer: AsideBlobWriter,
  changes: readonly NewChange[],
  { kin, check, signal, epoch }: SealOptions,
  progress: TarProgress | undefined,
): Promise<SealedTar> {
  const last = kin && copies.last(kin);
  // Closed only when the other thread is done with it.
  using earlier = last && earlierTar(store, last);
  await using aside = writer;
  const index = await writeLayer(changes, (chunk) => aside.write(chunk), {
    signal,
    epoch,
    tell: progress && ((sofar) => progress.tell(sofar)),
    drain: () => aside.drain(),
    memory: () => aside.memory(),
    earlier: earlier && {
      index: earlier.index,
      copy: (from, length) => aside.copy(earlier.fd, from, length),
    },
  });
  check?.();
  return { ...(await aside.commit()), index };
}

/** A tar that is written, and no blob yet. */
export interface TarAhead extends SealedTar {
  readonly path: string;
}

/** Leaves it in the session's directory. Those who gave files are told their digests, which are taken on the way. */
export async function sealAhead(
  { store }: LayerServices,
  changes: readonly NewChange[],
  { signal, epoch }: SealOptions,
): Promise<TarAhead | undefined> {
  await using aside = await store.blobs.createAside(Infinity);
  if (aside === undefined) return undefined;
  const index = await writeLayer(changes, (chunk, files) => aside.write(chunk, files), {
    signal,
    epoch,
    drain: () => aside.drain(),
    memory: () => aside.memory(),
    learn: () => aside.fileDigests(),
  });
  return { ...(await aside.finish()), index };
}
