import type { Slots } from "../core/slots.ts";
import { parseReference } from "../image/reference.ts";
import type { RegistryClient } from "../registry/types.ts";
import type { Store } from "../store/types.ts";
import { assembleSet, imageIdOf } from "./assemble-set.ts";
import type { ImageForm } from "./form.ts";
import { once, treeOf, type ImageTree } from "./image-tree.ts";
import { outgoingLayer } from "./outgoing.ts";
import type { Output, OutputContext } from "./types.ts";

export interface RegistryOptions {
  readonly client: () => Promise<RegistryClient>;
  readonly slots: Slots;
  readonly names: readonly string[];
  /** The names' tags stay out of it: whoever is told the digest finds the image. */
  readonly byDigest: boolean;
  readonly form: ImageForm;
}

/** Pushes the image under each of its names: layers that were pulled go back as they came. */
export function registryOutput(store: Store, options: RegistryOptions): Output {
  const { client, slots, names, byDigest, form } = options;
  return {
    label: `pushing ${names.join(", ")}`,
    async write(images, context) {
      const assembled = await assembleSet(images, form, (layer) => outgoingLayer(store, layer, form));
      for (const name of names)
        await pushTree(await client(), slots, treeOf(assembled), { name, byDigest }, context);
      const imageId = imageIdOf(assembled);
      const { descriptor } = assembled.top;
      return { ...(imageId && { imageId }), manifest: descriptor.digest, descriptor, names };
    },
  };
}

/** Brings an image to a registry under one name. */
export async function pushTree(
  client: RegistryClient,
  slots: Slots,
  { top, children, blobs, referrers = [] }: ImageTree,
  { name, byDigest }: { readonly name: string; readonly byDigest: boolean },
  { signal, emit }: OutputContext,
): Promise<void> {
  const { pushImage } = await import("../registry/push.ts");
  const named = parseReference(name);
  const { registry, repository } = named;
  const statements = referrers.flatMap((referrer) => referrer.blobs);
  await pushImage({
    client,
    reference: byDigest ? { registry, repository, digest: top.descriptor.digest } : named,
    manifest: { raw: top.raw, ...top.descriptor },
    blobs: [
      ...blobs.map(({ descriptor, sources, path, open }) => ({
        descriptor,
        sources,
        open,
        ...(path && { ready: path }),
      })),
      ...statements.map(({ descriptor, data }) => ({ descriptor, open: () => once(data) })),
    ],
    referrers,
    children: children.map(({ raw, descriptor }) => ({ raw, ...descriptor })),
    slots,
    signal,
    emit,
  });
}
