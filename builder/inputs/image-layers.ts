import { openDiscardPieces } from "../core/discard.ts";
import { isDigest, shortDigest, type Digest, type DiffId } from "../core/digest.ts";
import type { Emit, VertexId } from "../core/events.ts";
import { TsbuildError } from "../core/errors.ts";
import { parseManifest } from "../image/manifest.ts";
import { parseReference } from "../image/reference.ts";
import type { Descriptor } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import { offline } from "./offline.ts";
import { transferOnce, type OnArrival } from "./transfer-once.ts";
import type { Repository } from "../registry/types.ts";
import type { Session } from "../session/session.ts";

export interface ImageSource {
  /** Full name, for asking its registry. */
  readonly reference: string;
  readonly manifest: Digest;
  readonly diffIds: readonly DiffId[];
}

export interface Fetching {
  readonly emit: Emit;
  readonly signal: AbortSignal;
  /** The step that progress belongs to. */
  readonly id?: VertexId;
}

/** The layers of an image whose manifest is in the store; a blob that is not is fetched when somebody reads it. */
export function imageLayers(session: Session, source: ImageSource, fetching: Fetching): RootFs {
  const manifest = parseManifest(session.store.blobs.read(source.manifest));
  if (manifest.layers.length !== source.diffIds.length) {
    throw new TsbuildError(
      "IMAGE_INVALID",
      `Cannot use ${source.reference}: its manifest has ${manifest.layers.length} layers, its config ${source.diffIds.length}`,
    );
  }
  const { registry, repository } = parseReference(source.reference);
  const failed = (): void => session.names.drop(source.manifest);
  return source.diffIds.flatMap((diffId, index) => {
    const descriptor = manifest.layers[index];
    if (descriptor === undefined) return [];
    const isNameless = isDigest(source.reference);
    const transfer = transferOnce(async (onArrival) => {
      if (isNameless && !session.store.blobs.use(descriptor.digest)) throw nobodyToAsk(source, descriptor);
      if (session.offline && !session.store.blobs.use(descriptor.digest)) {
        const image = `${registry}/${repository}@${source.manifest}`;
        const hint = `run tsbuild pull ${image} where there is a network`;
        throw offline(`fetch layer ${shortDigest(descriptor.digest)} of ${source.reference}`, hint);
      }
      try {
        await fetchBlob(session, { registry, name: repository }, descriptor, fetching, onArrival);
      } catch (error) {
        failed();
        throw error;
      }
    });
    const origin = { registry, name: repository };
    const remote = { descriptor, ...transfer, failed, ...(!isNameless && { repository: origin }) };
    return [session.layers.remote(diffId, remote)];
  });
}

function nobodyToAsk({ reference }: ImageSource, { digest }: Descriptor): TsbuildError {
  return new TsbuildError(
    "STORE_INVALID",
    `Cannot use layer ${shortDigest(digest)} of ${reference}: it is not in the store any more, and no registry has the image under a name`,
    { hint: "build or load the image again" },
  );
}

/** Events of a transfer come at most once for so many bytes. */
const REPORT_BYTES = 1 << 20;

async function fetchBlob(
  session: Session,
  repository: Repository,
  descriptor: Descriptor,
  { emit, signal, id }: Fetching,
  onArrival: OnArrival,
): Promise<void> {
  const { blobs } = session.store;
  const { digest, size } = descriptor;
  if (blobs.use(digest)) return;
  const report = (current: number, done: boolean): void =>
    emit({
      type: "transfer",
      task: `pull ${digest}`,
      label: `pulling ${shortDigest(digest)}`,
      ...(id && { id }),
      current,
      total: size,
      done,
      time: Date.now(),
    });
  const fetch = async (): Promise<void> => {
    const client = await session.registry();
    // Who brings it hashes it.
    using blob = blobs.receive(digest);
    onArrival(blob.arriving());
    // What arrives in a second is more than the garbage collector sees to in time.
    const discard = await openDiscardPieces();
    let reported = 0;
    report(0, false);
    for await (const chunk of client.getBlob(repository, descriptor, signal)) {
      blob.write(chunk);
      discard(chunk);
      if (blob.size - reported >= REPORT_BYTES) report((reported = blob.size), false);
    }
    blob.commit();
    report(size, true);
  };
  const { again } = await import("../registry/download.ts");
  await session.slots.use("network", signal, () => again(fetch));
}
