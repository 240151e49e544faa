import { storedAttestations } from "../../attest/stored.ts";
import { readDocument, readImages } from "../../inputs/base-images.ts";
import { imageLayers } from "../../inputs/image-layers.ts";
import { compressionOf } from "../../image/layer-types.ts";
import type { Image } from "../../image/types.ts";
import type { Layer } from "../../layers/types.ts";
import { outgoing, treeOf, type ImageTree } from "../../outputs/image-tree.ts";
import type { AssembledSet } from "../../outputs/assemble-set.ts";
import type { OutgoingLayer } from "../../outputs/outgoing.ts";
import { storedIndex } from "../../outputs/stored-index.ts";
import { storedSet } from "../../outputs/stored-set.ts";
import type { Session } from "../../session/session.ts";
import { findStored } from "../images.ts";
import type { TransferOptions } from "../../api/transfer-options.ts";

export interface StoredTree {
  readonly tree: ImageTree;
  readonly name: string;
}

/**
 * An image of the store as it lies there, all of its layers fetched; an index with all of its images where they are here
 * and no platform is picked. `plain`: layers that docker cannot unpack go out without compression.
 */
export async function storedTree(
  session: Session,
  text: string,
  { platform, emit, signal }: TransferOptions,
  plain: boolean,
): Promise<StoredTree> {
  const { image, name, target } = findStored(session.store, text, platform);
  const setOf = (one: Image): Promise<AssembledSet<OutgoingLayer>> => {
    const source = { reference: name, manifest: one.manifest.digest, diffIds: one.config.diffIds };
    const rootfs = imageLayers(session, source, { emit, signal });
    const attestations = storedAttestations(session.store, target, one.manifest.digest, name);
    return storedSet(one, rootfs, (layer) => layerAsIs(layer, plain), attestations);
  };
  const document = platform === undefined && !plain ? readDocument(session.store, target) : undefined;
  if (document !== undefined && "manifests" in document) {
    const images = readImages(session.store, target);
    if (images.length === document.manifests.length) {
      return { tree: treeOf(storedIndex(document, await Promise.all(images.map(setOf)))), name };
    }
  }
  return { tree: treeOf(await setOf(image)), name };
}

async function layerAsIs(layer: Layer, plain: boolean): Promise<OutgoingLayer> {
  const blob = await layer.blob();
  return outgoing(plain && compressionOf(blob.mediaType) === "zstd" ? await layer.tar() : blob);
}
