import type { RunOptions } from "../api/run-options.ts";
import type { FoundImage } from "../containers/run-container.ts";
import { hostPlatform } from "../core/platform.ts";
import { parseReference, withDefaultTag } from "../image/reference.ts";
import { findImage, localImage } from "../inputs/base-images.ts";
import { imageLayers } from "../inputs/image-layers.ts";
import type { Session } from "../session/session.ts";

/** The image that a container is asked for: the store's, or its registry's. */
export async function imageToRun(
  session: Session,
  request: Pick<RunOptions, "image" | "pull" | "platform" | "emit" | "signal">,
): Promise<FoundImage> {
  const { emit, signal } = request;
  const reference = withDefaultTag(parseReference(request.image));
  const lookup = {
    store: session.store,
    client: session.registry,
    policy: request.pull,
    signal,
    layouts: new Map<string, string>(),
  };
  const isLocalEnough = request.pull === "missing" && request.platform === undefined;
  const local = isLocalEnough ? localImage(session.store, reference) : undefined;
  if (isLocalEnough && local === undefined)
    emit({ type: "notice", message: `the store has no image "${request.image}": its registry is asked` });
  const image = local ?? (await findImage(lookup, reference, request.platform ?? hostPlatform()));
  const source = {
    reference: request.image,
    manifest: image.manifest.digest,
    diffIds: image.config.diffIds,
  };
  return { image, rootfs: imageLayers(session, source, { emit, signal }) };
}
