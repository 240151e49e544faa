import { storedAttestations } from "../attest/stored.ts";
import { findImage, readDocument, readImages } from "../inputs/base-images.ts";
import { formatPlatform, hostPlatform } from "../core/platform.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import { imageLayers } from "../inputs/image-layers.ts";
import { findStored } from "./images.ts";
import { USUAL_FORM } from "../outputs/form.ts";
import type { Image, Index } from "../image/types.ts";
import type { AssembledSet } from "../outputs/assemble-set.ts";
import { outgoingLayer, type OutgoingLayer } from "../outputs/outgoing.ts";
import { pushTree } from "../outputs/registry.ts";
import { treeOf } from "../outputs/image-tree.ts";
import { storedIndex } from "../outputs/stored-index.ts";
import { storedSet } from "../outputs/stored-set.ts";
import type { Session } from "../session/session.ts";
import type { TransferOptions } from "../api/transfer-options.ts";
import type { RefTarget, Store } from "../store/types.ts";
import { isDigest, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";

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
    names: session.names,
    client: session.registry,
    policy: "always" as const,
    signal,
    layouts: new Map<string, string>(),
  };
  const image = await findImage(lookup, reference, platform ?? hostPlatform());
  const name = formatReference(reference);
  const source = { reference: name, manifest: image.manifest.digest, diffIds: image.config.diffIds };
  await Promise.all(imageLayers(session, source, { emit, signal }).map((layer) => layer.proven?.()));
  await session.makeDurable();
  return { name, digest: image.top };
}

/**
 * Pushes an image of the store under its own name: an index as a whole, where all of its images are here and none is
 * picked by --platform; else the one image.
 */
export async function pushStoredImage(
  session: Session,
  text: string,
  { platform, emit, signal }: TransferOptions,
): Promise<Transferred> {
  const { image, name, target } = findStored(session.store, text, platform);
  if (isDigest(name)) {
    throw new TsbuildError("USAGE", `Cannot push image ${text}: it has no name`, {
      hint: `name it first: tsbuild tag ${text} HOST/NAME`,
    });
  }
  const setOf = (one: Image): Promise<AssembledSet<OutgoingLayer>> => {
    const source = { reference: name, manifest: one.manifest.digest, diffIds: one.config.diffIds };
    const rootfs = imageLayers(session, source, { emit, signal });
    const attestations = storedAttestations(session.store, target, one.manifest.digest, name);
    // What was pulled goes back byte for byte, plain layers too; our own are plain in the store alone.
    const form = target.origin === "pulled" ? undefined : USUAL_FORM;
    return storedSet(
      one,
      rootfs,
      (layer) => outgoingLayer(session.store, layer, form, { signal }),
      attestations,
    );
  };
  const index = platform === undefined ? wholeIndex(session.store, target) : undefined;
  if (index === undefined && target.digest !== image.manifest.digest) {
    const only = formatPlatform(image.config.platform);
    emit({ type: "notice", message: `pushing the image for ${only} alone, not the index that it is in` });
  }
  const client = await session.registry();
  // Loaded while the layers are compressed.
  client.prepare();
  const assembled =
    index === undefined
      ? await setOf(image)
      : storedIndex(index.document, await Promise.all(index.images.map(setOf)));
  const named = { names: [name] as const, byDigest: false };
  await pushTree(client, session.slots, treeOf(assembled), named, { emit, signal });
  return { name, digest: assembled.top.descriptor.digest };
}

/** An index with all of its images; undefined where a name leads to one image, or one of them is not here. */
function wholeIndex(
  store: Store,
  target: RefTarget,
): { readonly document: Index; readonly images: readonly Image[] } | undefined {
  const document = readDocument(store, target);
  if (document === undefined || "layers" in document) return undefined;
  const images = readImages(store, target);
  return images.length === document.manifests.length ? { document, images } : undefined;
}
