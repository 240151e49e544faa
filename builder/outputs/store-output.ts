import { formatReference, parseReference } from "../image/reference.ts";
import type { Digest } from "../core/digest.ts";
import { snapshotsOf } from "../layers/snapshots.ts";
import type { Store } from "../store/types.ts";
import { assembleSet, imageIdOf } from "./assemble-set.ts";
import type { ImageForm } from "./form.ts";
import type { Output } from "./types.ts";

export interface StoreNames {
  readonly names: readonly string[];
  /** Under NAME@DIGEST as well. */
  readonly canonical?: boolean;
  /** What an image without a name is called, before @DIGEST. */
  readonly danglingPrefix?: string | undefined;
}

/** Names the image in the store. Layers stay in the form that they are here in, where no other is asked for. */
export function storeOutput(store: Store, naming: StoreNames, form: ImageForm, unpack = false): Output {
  const { names } = naming;
  return {
    label: names.length === 0 ? "exporting to the store" : `naming ${names.join(", ")}`,
    async write(images, { signal }) {
      const assembled = await assembleSet(images, form, async (layer) => {
        if (form.compression === undefined) return layer.blob();
        const { compressedBlob } = await import("./compress.ts");
        return compressedBlob(store, layer, form, { signal });
      });
      for (const { config, manifest, referrers } of assembled.images) {
        const statements = referrers.flatMap(({ raw, blobs }) => [raw, ...blobs.map(({ data }) => data)]);
        for (const document of [config, manifest, ...statements]) store.blobs.put(document);
      }
      store.blobs.put(assembled.top.raw);
      if (unpack) for (const { rootfs } of images) await snapshotsOf(rootfs);
      const { mediaType, digest, size } = assembled.top.descriptor;
      const referrers = assembled.images.flatMap((image) =>
        image.referrers.map(({ descriptor }) => descriptor.digest),
      );
      const target = { mediaType, digest, size, time: Date.now(), origin: "built" as const, referrers };
      for (const name of [...names, ...digestNames(naming, digest)]) store.refs.set(name, target);
      const imageId = imageIdOf(assembled);
      return { ...(imageId && { imageId }), manifest: digest, descriptor: assembled.top.descriptor, names };
    },
  };
}

function digestNames({ names, canonical = false, danglingPrefix }: StoreNames, digest: Digest): string[] {
  if (names.length === 0 && danglingPrefix === undefined) return [digest];
  const named = names.length > 0 ? (canonical ? names : []) : [danglingPrefix ?? ""];
  return named.map((name) => {
    const { registry, repository } = parseReference(name);
    return formatReference({ registry, repository, digest });
  });
}
