import { messageOf } from "../core/errors.ts";
import type { Slots } from "../core/slots.ts";
import { parseReference, withDefaultTag } from "../image/reference.ts";
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
    sends: form,
    async write(images, context) {
      const assembled = await assembleSet(images, form, (layer) =>
        outgoingLayer(store, layer, form, { signal: context.signal }),
      );
      const tree = treeOf(assembled);
      const opened = await client();
      await toAll(repositoriesOf(names), context, (names) =>
        pushTree(opened, slots, tree, { names, byDigest }, context),
      );
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

/** Pushes to all at once. Where one fails the others go on, and are told of: what they have need not be pushed again. */
async function toAll(
  groups: readonly Names[],
  { signal, emit }: OutputContext,
  push: (names: Names) => Promise<void>,
): Promise<void> {
  const outcomes = await Promise.allSettled(groups.map(push));
  signal.throwIfAborted();
  const failures = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason] : []));
  if (failures.length === 0) return;
  const pushed = groups.filter((_, index) => outcomes[index]?.status === "fulfilled").flat();
  if (pushed.length > 0) emit({ type: "notice", message: `pushed all the same: ${pushed.join(", ")}` });
  for (const failure of failures.slice(1)) emit({ type: "notice", message: messageOf(failure) });
  throw failures[0];
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
    slots,
    signal,
    emit,
  });
}
