import { hexOf } from "../core/digest.ts";
import type { LayerBlob } from "../layers/types.ts";
import type { Store } from "../store/types.ts";
import { Archive } from "./archive.ts";
import { assemble, imageIdOf, type Assembled } from "./assemble.ts";
import { compressedBlob } from "./compress.ts";
import { writeWhole, type Sink } from "./sink.ts";
import type { Output } from "./types.ts";

/** An OCI image layout in a tar (OCI image-spec, image-layout.md), layers compressed: `--output type=oci`. */
export function ociTarOutput(store: Store, names: readonly string[], dest: string, open: () => Sink): Output {
  return {
    label: `writing OCI archive ${dest}`,
    async write(image) {
      const assembled = await assemble(image, "oci", (layer) => compressedBlob(store, layer));
      await writeWhole(open, async (sink) => {
        const archive = new Archive(sink);
        await writeLayout(archive, assembled, names);
        await archive.finish();
      });
      return {
        imageId: imageIdOf(assembled),
        manifest: assembled.manifestDescriptor.digest,
        names,
        path: dest,
      };
    },
  };
}

/** The layout's files; one index entry for each name, as docker and skopeo look them up. */
export async function writeLayout(
  archive: Archive,
  assembled: Assembled,
  names: readonly string[],
): Promise<void> {
  archive.directory("blobs");
  archive.directory("blobs/sha256");
  archive.document(blobPath(assembled.configDescriptor), assembled.config);
  archive.document(blobPath(assembled.manifestDescriptor), assembled.manifest);
  for (const layer of assembled.layers) await archive.blob(blobPath(layer), layer);
  const annotated = names.map((name) => ({
    ...assembled.manifestDescriptor,
    annotations: {
      "io.containerd.image.name": name,
      "org.opencontainers.image.ref.name": name.slice(name.lastIndexOf(":") + 1),
    },
  }));
  const manifests = annotated.length > 0 ? annotated : [assembled.manifestDescriptor];
  archive.document(
    "index.json",
    json({ schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests }),
  );
  archive.document("oci-layout", json({ imageLayoutVersion: "1.0.0" }));
}

export function blobPath(blob: Pick<LayerBlob, "digest">): string {
  return `blobs/sha256/${hexOf(blob.digest)}`;
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
