import type { Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { parseImageConfig } from "../image/config.ts";
import { formatReference, parseReference, withDefaultTag } from "../image/reference.ts";
import type { HistoryEntry } from "../image/types.ts";
import type { Layer } from "../layers/types.ts";
import { USUAL_FORM } from "../outputs/form.ts";
import { storeOutput } from "../outputs/store-output.ts";
import type { CommitOptions, Container } from "../api/container-types.ts";
import { changedConfig } from "./commit-changes.ts";
import { findContainer } from "./containers.ts";
import { requireOverlay } from "./plain-container.ts";
import { nameOf } from "./stop.ts";
import type { ContainerServices } from "./types.ts";
import { diffWritten } from "./written.ts";

/** Makes an image of a container: its image's layers, and what it wrote as one more. Resolves with the image's id. */
export async function commitContainer(
  services: ContainerServices,
  reference: string,
  options: CommitOptions,
): Promise<Digest> {
  const { store, layers } = services;
  const { name, message, author, signal, emit } = options;
  const tag = name === undefined ? [] : [formatReference(withDefaultTag(parseReference(name)))];
  const container = await findContainer(store, reference);
  requireOverlay(container, "commit");
  const { record } = container;
  const below = layers.openAll(record.layers);
  if (below === undefined || record.imageId === undefined || !store.blobs.use(record.imageId)) {
    throw new TsbuildError(
      "STORE_INVALID",
      `Cannot commit container ${nameOf(record)}: the store has not all of its image "${record.image}"`,
      { hint: `fetch it again: tsbuild pull ${record.image}` },
    );
  }
  const image = parseImageConfig(store.blobs.read(record.imageId));
  const config = await changedConfig(record.config, options.changes, image);
  const layer = await writtenLayer(services, container);
  const isEmpty = (await layer.index()).changes.length === 0;
  const created = new Date().toISOString();
  const entry: HistoryEntry = {
    created,
    created_by: record.argv.join(" "),
    ...(author === undefined ? {} : { author }),
    ...(message === undefined ? {} : { comment: message }),
    ...(isEmpty ? { empty_layer: true } : {}),
  };
  const output = storeOutput(store, { names: tag }, USUAL_FORM);
  const { imageId } = await output.write(
    [
      {
        platform: image.platform,
        rootfs: isEmpty ? below : [...below, layer],
        config,
        ...(author === undefined ? {} : { author }),
        created,
        history: [...image.history, entry],
      },
    ],
    { signal, emit },
  );
  if (imageId !== undefined) return imageId;
  throw new TsbuildError("INTERNAL", `Cannot commit container ${nameOf(record)}: its image has no id`);
}

async function writtenLayer(services: ContainerServices, container: Container): Promise<Layer> {
  using recording = services.layers.record({});
  await diffWritten(services, container, "commit", () => recording.changes);
  return recording.finish();
}
