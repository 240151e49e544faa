import type { Attestations } from "../attest/types.ts";
import { sha256 } from "../core/digest.ts";
import { withLayers } from "../image/with-layers.ts";
import type { Image } from "../image/types.ts";
import type { Layer, RootFs } from "../layers/types.ts";
import { statementsOf, type BlobName } from "./assemble.ts";
import type { AssembledSet } from "./assemble-set.ts";

/** An image that has its documents: its config stays as it is, and its manifest where all layers go out as it names them. */
export async function storedSet<Blob extends BlobName>(
  image: Image,
  rootfs: RootFs,
  layerOf: (layer: Layer) => Promise<Blob>,
  attestations?: Attestations,
): Promise<AssembledSet<Blob>> {
  const { manifest, config } = image;
  const layers = await Promise.all(rootfs.map(layerOf));
  const same = layers.every(({ digest }, index) => digest === manifest.layers[index]?.digest);
  const raw = same ? manifest.raw : withLayers(manifest, layers);
  const descriptor = { mediaType: manifest.mediaType, digest: sha256(raw), size: raw.length };
  const assembled = {
    config: config.raw,
    configDescriptor: manifest.config,
    manifest: raw,
    manifestDescriptor: descriptor,
    layers,
    platform: config.platform,
    referrers: await statementsOf(descriptor, config.platform, attestations),
  };
  return { images: [assembled], top: { raw, descriptor } };
}
