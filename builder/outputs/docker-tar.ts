import { familiarName, parseReference } from "../image/reference.ts";
import { Archive } from "./archive.ts";
import { assemble, imageIdOf } from "./assemble.ts";
import { blobPath, json, writeLayout } from "./oci-tar.ts";
import { writeWhole, type Sink } from "./sink.ts";
import type { Output } from "./types.ts";

/**
 * What `docker load` and `podman load` take: `--output type=docker`. As `docker save` since 25: an OCI layout with plain
 * layers, and manifest.json, which points into it, for older readers.
 */
export function dockerTarOutput(names: readonly string[], dest: string, open: () => Sink): Output {
  return {
    label: `writing docker archive ${dest}`,
    async write(image) {
      const assembled = await assemble(image, "oci", (layer) => layer.tar());
      await writeWhole(open, async (sink) => {
        const archive = new Archive(sink);
        await writeLayout(archive, assembled, names);
        const entry = {
          Config: blobPath(assembled.configDescriptor),
          RepoTags: names.map((name) => familiarName(parseReference(name))),
          Layers: assembled.layers.map(blobPath),
        };
        archive.document("manifest.json", json([entry]));
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
