import type { Store } from "../store/types.ts";
import { assemble, imageIdOf } from "./assemble.ts";
import type { Output } from "./types.ts";

/** Names the image in the store. Layers stay in the form that they are here in. */
export function storeOutput(store: Store, names: readonly string[]): Output {
  return {
    label: names.length === 0 ? "exporting to the store" : `naming ${names.join(", ")}`,
    async write(image) {
      const assembled = await assemble(image, "oci", (layer) => layer.blob());
      store.blobs.put(assembled.config);
      store.blobs.put(assembled.manifest);
      const { mediaType, digest, size } = assembled.manifestDescriptor;
      for (const name of names)
        store.refs.set(name, { mediaType, digest, size, time: Date.now(), origin: "built" });
      return { imageId: imageIdOf(assembled), manifest: digest, names };
    },
  };
}
