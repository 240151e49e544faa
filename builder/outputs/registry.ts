import type { Slots } from "../core/slots.ts";
import { parseReference, withDefaultTag } from "../image/reference.ts";
import type { RegistryClient } from "../registry/types.ts";
import type { Store } from "../store/types.ts";
import { allOrFailure } from "./all-or-failure.ts";
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
    sends: form,
    async write(images, context) {
      const opened = await client();
      // Loaded while the layers are compressed.
      opened.prepare();
      const assembled = await assembleSet(images, form, (layer) =>
        outgoingLayer(store, layer, form, { signal: context.signal }),
      );
      const tree = treeOf(assembled);
      const pushes = repositoriesOf(names).map((names) => ({
        name: `pushing ${names.join(", ")}`,
        work: pushTree(opened, slots, tree, { names, byDigest }, context),
      }));
      await allOrFailure(pushes, context.signal);
      const imageId = imageIdOf(assembled);
      const { descriptor } = assembled.top;
      return { ...(imageId && { imageId }), manifest: descriptor.digest, descriptor, names };
    },
  };
}

/** Names of one repository; a repository gets each blob once, however many tags it has. */
type Names = readonly [string, ...string[]];

function repositoriesOf(names: readonly string[]): readonly Names[] {
  const groups = new Map<string, Names>();
  for (const name of names) {
    const { registry, repository } = parseReference(name);
    const key = `${registry}/${repository}`;
    const [first = name, ...more] = groups.get(key) ?? [];
    groups.set(key, groups.has(key) ? [first, ...more, name] : [name]);
  }
  return [...groups.values()];
}

/** Brings an image to a registry under names of one repository. */
export async function pushTree(
  client: RegistryClient,
  slots: Slots,
  { top, children, blobs, referrers = [] }: ImageTree,
  { names: [name, ...more], byDigest }: { readonly names: Names; readonly byDigest: boolean },
  { signal, emit }: OutputContext,
): Promise<void> {
  const { pushImage } = await import("../registry/push.ts");
  const named = parseReference(name);
  const { registry, repository } = named;
  const statements = referrers.flatMap((referrer) => referrer.blobs);
  await pushImage({
    client,
    tags: byDigest ? [] : more.map((tag) => withDefaultTag(parseReference(tag)).tag ?? "latest"),
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
    slots: slots.toward(registry),
    signal,
    emit,
  });
}
