import type { RunOptions } from "../api/run-options.ts";
import type { FoundImage } from "../containers/run-container.ts";
import { hostPlatform } from "../core/platform.ts";
import { parseReference, withDefaultTag } from "../image/reference.ts";
import type { Image } from "../image/types.ts";
import { findImage } from "../inputs/base-images.ts";
import { imageLayers } from "../inputs/image-layers.ts";
import type { Session } from "../session/session.ts";
import { findStored, isId, lookUp } from "./images.ts";

/** The image that a container is asked for: the store's, by name or id, or its registry's. */
export async function imageToRun(
  session: Session,
  request: Pick<RunOptions, "image" | "pull" | "platform" | "emit" | "signal">,
): Promise<FoundImage> {
  const { emit, signal } = request;
  const isLocalEnough = request.pull === "missing" && request.platform === undefined;
  // An id is nothing that a registry could be asked for.
  const stored = isId(request.image)
    ? findStored(session.store, request.image)
    : isLocalEnough
      ? lookUp(session.store, request.image)
      : undefined;
  const image = stored?.image ?? (await askedImage(session, request));
  const { manifest, config } = image;
  const source = {
    reference: stored?.name ?? request.image,
    manifest: manifest.digest,
    diffIds: config.diffIds,
  };
  return { image, rootfs: imageLayers(session, source, { emit, signal }) };
}

async function askedImage(
  session: Session,
  { image, pull, platform, emit, signal }: Parameters<typeof imageToRun>[1],
): Promise<Image> {
  const lookup = {
    store: session.store,
    names: session.names,
    client: session.registry,
    policy: pull,
    signal,
    layouts: new Map<string, string>(),
  };
  const reference = withDefaultTag(parseReference(image));
  if (pull === "missing" && platform === undefined)
    emit({ type: "notice", message: `the store has no image "${image}": its registry is asked` });
  return findImage(lookup, reference, platform ?? hostPlatform());
}
