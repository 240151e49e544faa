import { createReadStream } from "node:fs";
import type { Referrer } from "../attest/types.ts";
import type { Descriptor } from "../image/types.ts";
import type { LayerBlob } from "../layers/types.ts";
import type { Repository } from "../registry/types.ts";
import type { AssembledSet } from "./assemble-set.ts";
import type { OutgoingLayer } from "./outgoing.ts";

const READ_SIZE = 1 << 20;

/** A manifest or an index, byte for byte. */
export interface TreeDocument {
  readonly raw: Buffer;
  readonly descriptor: Descriptor;
}

/** A config, a layer, or whatever else a manifest names. */
export interface TreeBlob {
  readonly descriptor: Pick<Descriptor, "mediaType" | "digest" | "size">;
  /** Repositories that it can be taken over from. */
  readonly sources: readonly Repository[];
  /** Its file, which is fetched now where it is not here; undefined where it has none of its own. */
  readonly path?: () => Promise<string>;
  /** That file is this process's own: whoever keeps the bytes may move it. */
  readonly isOwn?: boolean;
  /** Its bytes, from the beginning at each call; they end with DIGEST_MISMATCH where they are not what was named. */
  open(): AsyncIterable<Uint8Array>;
}

/** All that a name leads to, on its way from one place to another: nothing in it is read or changed. */
export interface ImageTree {
  readonly top: TreeDocument;
  /** What an index names, those that are named before those that name them. */
  readonly children: readonly TreeDocument[];
  readonly blobs: readonly TreeBlob[];
  /** Statements of these images: they go along to registries. */
  readonly referrers?: readonly Referrer[];
}

/** What was assembled, as it travels. */
export function treeOf({ images, top }: AssembledSet<OutgoingLayer>): ImageTree {
  return {
    top,
    children: images
      .filter(({ manifestDescriptor }) => manifestDescriptor.digest !== top.descriptor.digest)
      .map(({ manifest, manifestDescriptor }) => ({ raw: manifest, descriptor: manifestDescriptor })),
    referrers: images.flatMap(({ referrers }) => referrers),
    blobs: images.flatMap(({ config, configDescriptor, layers }) => [
      ...layers.map(({ mediaType, digest, size, sources, path }) => ({
        descriptor: { mediaType, digest, size },
        sources,
        path,
        open: () => bytesOf(path),
      })),
      { descriptor: configDescriptor, sources: [], open: () => once(config) },
    ]),
  };
}

/** A layer whose file is here. */
export function outgoing({ path, ...blob }: LayerBlob): OutgoingLayer {
  return { ...blob, sources: [], path: async () => path };
}

async function* bytesOf(path: () => Promise<string>): AsyncGenerator<Uint8Array> {
  yield* createReadStream(await path(), { highWaterMark: READ_SIZE });
}

/** Bytes that are here. */
export async function* once(data: Buffer): AsyncGenerator<Uint8Array> {
  yield data;
}
