import { findImage } from "../inputs/base-images.ts";
import { compareImages } from "../compare/compare-images.ts";
import type { ComparedImage } from "../compare/types.ts";
import { TsbuildError } from "../core/errors.ts";
import { hostPlatform } from "../core/platform.ts";
import { imageLayers } from "../inputs/image-layers.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import type { Image } from "../image/types.ts";
import { findStored } from "./images.ts";
import type { Session } from "../session/session.ts";
import type { Comparison, DiffOptions } from "../api/types.ts";
import type { TransferOptions } from "../api/transfer-options.ts";

/** What differs between two images of the store, or of registries where the store has them not. */
export async function diffImages(
  session: Session,
  a: string,
  b: string,
  options: DiffOptions,
): Promise<Comparison> {
  const ours = await imageToCompare(session, a, options);
  const theirs = await imageToCompare(session, b, options);
  const difference = await compareImages(ours, theirs, {
    by: options.by,
    explain: false,
    signal: options.signal,
  });
  return { a: ours, b: theirs, difference };
}

/** An image by its name or id; it is pulled where the store has no such name. */
export async function imageToCompare(
  session: Session,
  text: string,
  options: TransferOptions,
): Promise<ComparedImage> {
  const { image, name } = await locate(session, text, options);
  return comparedImage(session, { image, name, shown: text }, options);
}

/** An image of this session's store. */
export function comparedImage(
  session: Session,
  { image, name, shown }: { readonly image: Image; readonly name: string; readonly shown: string },
  { emit, signal }: Pick<TransferOptions, "emit" | "signal">,
): ComparedImage {
  const { manifest, config } = image;
  const source = { reference: name, manifest: manifest.digest, diffIds: config.diffIds };
  return { name: shown, manifest, config, layers: imageLayers(session, source, { emit, signal }) };
}

async function locate(
  session: Session,
  text: string,
  { platform, signal }: TransferOptions,
): Promise<{ readonly image: Image; readonly name: string }> {
  try {
    const found = findStored(session.store, text);
    if (platform === undefined) return found;
  } catch (error) {
    const missing = error instanceof TsbuildError && error.code === "IMAGE_NOT_FOUND";
    // What could be an id is one: a registry that is asked for it would only ask for a password.
    if (!missing || /^(sha256:)?[0-9a-f]{12,64}$/.test(text)) throw error;
  }
  const reference = withDefaultTag(parseReference(text));
  const lookup = {
    store: session.store,
    names: session.names,
    client: session.registry,
    policy: "missing" as const,
    signal,
    layouts: new Map<string, string>(),
  };
  const image = await findImage(lookup, reference, platform ?? hostPlatform());
  return { image, name: formatReference(reference) };
}
