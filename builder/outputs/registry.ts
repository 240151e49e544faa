import { createReadStream } from "node:fs";
import type { Slots } from "../core/slots.ts";
import { parseReference } from "../image/reference.ts";
import type { RegistryClient } from "../registry/types.ts";
import type { Store } from "../store/types.ts";
import { assemble, imageIdOf, type Assembled } from "./assemble.ts";
import { outgoingLayer, type OutgoingLayer } from "./outgoing.ts";
import type { Output, OutputContext } from "./types.ts";

const READ_SIZE = 1 << 20;

/** Pushes the image under each of its names: layers that were pulled go back as they came. */
export function registryOutput(
  store: Store,
  client: () => Promise<RegistryClient>,
  slots: Slots,
  names: readonly string[],
): Output {
  return {
    label: `pushing ${names.join(", ")}`,
    async write(image, context) {
      const assembled = await assemble(image, "oci", (layer) => outgoingLayer(store, layer));
      for (const name of names) await pushAssembled(await client(), slots, assembled, name, context);
      return { imageId: imageIdOf(assembled), manifest: assembled.manifestDescriptor.digest, names };
    },
  };
}

/** Brings an assembled image to a registry under one name. */
export async function pushAssembled(
  client: RegistryClient,
  slots: Slots,
  assembled: Assembled<OutgoingLayer>,
  name: string,
  { signal, emit }: OutputContext,
): Promise<void> {
  const { pushImage } = await import("../registry/push.ts");
  const config = { descriptor: assembled.configDescriptor, open: () => once(assembled.config) };
  const layers = assembled.layers.map(({ mediaType, digest, size, sources, path }) => ({
    descriptor: { mediaType, digest, size },
    sources,
    ready: path,
    open: () => bytesOf(path),
  }));
  await pushImage({
    client,
    reference: parseReference(name),
    manifest: { raw: assembled.manifest, ...assembled.manifestDescriptor },
    blobs: [...layers, config],
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
