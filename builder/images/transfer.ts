import { findImage } from "../inputs/base-images.ts";
import { hostPlatform } from "../core/platform.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import { imageLayers } from "../inputs/image-layers.ts";
import { findStored } from "./images.ts";
import { USUAL_FORM } from "../outputs/form.ts";
import { outgoingLayer } from "../outputs/outgoing.ts";
import { pushAssembled } from "../outputs/registry.ts";
import { storedSet } from "../outputs/stored-set.ts";
import type { Session } from "../session/session.ts";
import type { TransferOptions } from "../api/types.ts";
import type { Digest } from "../core/digest.ts";

interface Transferred {
  readonly name: string;
  readonly digest: Digest;
}

/** Brings an image and all its layers into the store. */
export async function pullImage(
  session: Session,
  text: string,
  { platform, emit, signal }: TransferOptions,
): Promise<Transferred> {
  const reference = withDefaultTag(parseReference(text));
  const lookup = {
    store: session.store,
    client: session.registry,
    policy: "always" as const,
    signal,
    layouts: new Map<string, string>(),
  };
  const image = await findImage(lookup, reference, platform ?? hostPlatform());
  const name = formatReference(reference);
  const source = { reference: name, manifest: image.manifest.digest, diffIds: image.config.diffIds };
  await Promise.all(imageLayers(session, source, { emit, signal }).map((layer) => layer.blob()));
  await session.makeDurable();
  return { name, digest: image.manifest.digest };
}

/** Pushes an image of the store under its own name. */
export async function pushStoredImage(
  session: Session,
  text: string,
  { emit, signal }: TransferOptions,
): Promise<Transferred> {
  const { image, name } = findStored(session.store, text);
  const source = { reference: name, manifest: image.manifest.digest, diffIds: image.config.diffIds };
  const rootfs = imageLayers(session, source, { emit, signal });
  const assembled = await storedSet(image, rootfs, (layer) =>
    outgoingLayer(session.store, layer, USUAL_FORM),
  );
  const named = { name, byDigest: false };
  await pushAssembled(await session.registry(), session.slots, assembled, named, { emit, signal });
  return { name, digest: assembled.top.descriptor.digest };
}
