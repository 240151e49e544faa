import { TsbuildError } from "../../core/errors.ts";
import { formatPlatform, type Platform } from "../../core/platform.ts";
import { storedAttestations } from "../../attest/stored.ts";
import { readDocument, readImages } from "../../inputs/base-images.ts";
import { imageLayers } from "../../inputs/image-layers.ts";
import { compressionOf } from "../../image/layer-types.ts";
import { parseIndexDocument } from "../../image/manifest.ts";
import { selectPlatform } from "../../image/select-platform.ts";
import type { Image, Index } from "../../image/types.ts";
import { withManifests } from "../../image/with-manifests.ts";
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
 * An image of the store as it lies there, all of its layers fetched: of an index the image for one platform, or with
 * several or none an index of those, of all where they are here. `plain`: one image, whose layers that docker cannot
 * unpack go out without compression.
 */
export async function storedTree(
  session: Session,
  text: string,
  platforms: readonly Platform[],
  { emit, signal }: Pick<TransferOptions, "emit" | "signal">,
  plain: boolean,
): Promise<StoredTree> {
  const [platform] = platforms;
  const { image, name, target } = findStored(session.store, text, platform);
  const setOf = (one: Image): Promise<AssembledSet<OutgoingLayer>> => {
    const source = { reference: name, manifest: one.manifest.digest, diffIds: one.config.diffIds };
    const rootfs = imageLayers(session, source, { emit, signal });
    const attestations = storedAttestations(session.store, target, one.manifest.digest, name);
    return storedSet(one, rootfs, (layer) => layerAsIs(layer, plain), attestations);
  };
  const document = platforms.length !== 1 && !plain ? readDocument(session.store, target) : undefined;
  if (document !== undefined && "manifests" in document) {
    const index = subset(document, platforms);
    const named = new Set(index.manifests.map(({ digest }) => digest));
    const images = readImages(session.store, target).filter(({ manifest }) => named.has(manifest.digest));
    if (images.length === index.manifests.length)
      return { tree: treeOf(storedIndex(index, await Promise.all(images.map(setOf)))), name };
    if (platforms.length > 1) {
      throw new TsbuildError(
        "PLATFORM_NOT_FOUND",
        `Cannot find image "${text}" for ${platforms.map(formatPlatform).join(", ")}: the store has ${images.length} of them`,
        { hint: "tsbuild pull --platform fetches one where a registry has it" },
      );
    }
  }
  if (platforms.length > 1 && !plain) {
    const asked = platforms.map(formatPlatform).join(", ");
    throw new TsbuildError(
      "PLATFORM_NOT_FOUND",
      `Cannot find image "${text}" for ${asked}: the store has it for one platform alone`,
    );
  }
  return { tree: treeOf(await setOf(image)), name };
}

/** The index of those images that are for some platforms; of none: the index itself. */
function subset(index: Index, platforms: readonly Platform[]): Index {
  if (platforms.length === 0) return index;
  const wanted = new Set(platforms.map((one) => selectPlatform(index, one).digest));
  const raw = withManifests(
    index,
    index.manifests.map((one) => (wanted.has(one.digest) ? one : undefined)),
  );
  return wanted.size === index.manifests.length ? index : parseIndexDocument(raw);
}

async function layerAsIs(layer: Layer, plain: boolean): Promise<OutgoingLayer> {
  const blob = await layer.blob();
  return outgoing(plain && compressionOf(blob.mediaType) === "zstd" ? await layer.tar() : blob);
}
