import { TsbuildError } from "../core/errors.ts";
import { parseImageConfig } from "../image/config.ts";
import { parseManifest } from "../image/manifest.ts";
import type { Image } from "../image/types.ts";
import type { Container, ContainerRecord, ContainerRequest } from "../api/container-types.ts";
import { rootOf, type ContainerRoot } from "./plan-container.ts";
import { readRequest } from "./request.ts";
import { nameOf } from "./stop.ts";
import type { ContainerServices } from "./types.ts";

/** What a container that was made stands on, and what it was asked for: enough to make its root filesystem once more. */
export async function loadContainer(
  services: ContainerServices,
  { record, directory }: Container,
): Promise<{ readonly image: Image; readonly request: ContainerRequest; readonly root: ContainerRoot }> {
  const image = imageOf(services, record);
  const request = readRequest(directory, nameOf(record));
  const rootfs = services.layers.openAll(record.layers);
  if (rootfs === undefined) throw lost(record);
  return { image, request, root: await rootOf(services, image, rootfs, request) };
}

function imageOf({ store }: ContainerServices, record: ContainerRecord): Image {
  const { manifest, imageId } = record;
  if (
    manifest === undefined ||
    imageId === undefined ||
    !store.blobs.use(manifest) ||
    !store.blobs.use(imageId)
  )
    throw lost(record);
  return {
    manifest: parseManifest(store.blobs.read(manifest)),
    config: parseImageConfig(store.blobs.read(imageId)),
  };
}

function lost(record: ContainerRecord): TsbuildError {
  return new TsbuildError(
    "STORE_INVALID",
    `Cannot use container ${nameOf(record)}: the store has not all of its image "${record.image}"`,
    { hint: `fetch it again: tsbuild pull ${record.image}` },
  );
}
