import { createReadStream } from "node:fs";
import type { Slots } from "../core/slots.ts";
import { parseReference } from "../image/reference.ts";
import type { PushRequest } from "../registry/push.ts";
import type { RegistryClient } from "../registry/types.ts";
import type { Store } from "../store/types.ts";
import { assembleSet, imageIdOf, type AssembledSet } from "./assemble-set.ts";
import type { ImageForm } from "./form.ts";
import { outgoingLayer, type OutgoingLayer } from "./outgoing.ts";
import type { Output, OutputContext } from "./types.ts";

const READ_SIZE = 1 << 20;

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
        await pushAssembled(await client(), slots, assembled, { name, byDigest }, context);
      const imageId = imageIdOf(assembled);
      return { ...(imageId && { imageId }), manifest: assembled.top.descriptor.digest, names };
    },
  };
}

/** Brings an assembled image to a registry under one name. */
export async function pushAssembled(
  client: RegistryClient,
  slots: Slots,
  { images, top }: AssembledSet<OutgoingLayer>,
  { name, byDigest }: { readonly name: string; readonly byDigest: boolean },
  { signal, emit }: OutputContext,
): Promise<void> {
  const { pushImage } = await import("../registry/push.ts");
  const named = parseReference(name);
  const { registry, repository } = named;
  const blobs = images.flatMap(({ config, configDescriptor, layers }): PushRequest["blobs"] => [
    ...layers.map(({ mediaType, digest, size, sources, path }) => ({
      descriptor: { mediaType, digest, size },
      sources,
      ready: path,
      open: () => bytesOf(path),
    })),
    { descriptor: configDescriptor, open: () => once(config) },
  ]);
  const children = images
    .filter(({ manifestDescriptor }) => manifestDescriptor.digest !== top.descriptor.digest)
    .map(({ manifest, manifestDescriptor }) => ({ raw: manifest, ...manifestDescriptor }));
  await pushImage({
    client,
    reference: byDigest ? { registry, repository, digest: top.descriptor.digest } : named,
    manifest: { raw: top.raw, ...top.descriptor },
    blobs,
    children,
    slots,
    signal,
    emit,
  });
}

async function* bytesOf(path: () => Promise<string>): AsyncGenerator<Uint8Array> {
  yield* createReadStream(await path(), { highWaterMark: READ_SIZE });
}

async function* once(data: Buffer): AsyncGenerator<Uint8Array> {
  yield data;
}
