import type { Bytes } from "../../builder/core/bytes.ts";
import { Hasher, type DiffId } from "../../builder/core/digest.ts";
import type { Entry } from "../../builder/core/entry.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import { decompress } from "../../builder/layers/decompress.ts";
import { IndexBuilder } from "../../builder/layers/index-builder.ts";
import { readTar, type TarVisitor } from "../../builder/layers/read-tar.ts";
import type { LayerIndex } from "../../builder/layers/types.ts";
import type { ApplyStream } from "../types.ts";

export interface Unpacked {
  readonly index: LayerIndex;
}

/** Where the content of a blob goes on its one way through: to a file as a tar, to the helper as files. */
export interface UnpackInto {
  tar?(chunk: Uint8Array): void;
  readonly apply?: ApplyStream;
}

/** Reads a layer's blob once: decompressed, checked against its DiffID, indexed, and handed on. */
export async function unpack(
  blob: AsyncIterable<Uint8Array>,
  diffId: DiffId,
  into: UnpackInto,
): Promise<Unpacked> {
  const hasher = new Hasher();
  const builder = new IndexBuilder();
  const visitor = into.apply === undefined ? builder : new Both(builder, into.apply);
  await readTar(watched(decompress(blob), hasher, into), visitor);
  checkContent(hasher, diffId);
  return { index: builder.finish() };
}

/** Reads a layer's blob for nothing but that. */
export async function checkBlob(blob: AsyncIterable<Uint8Array>, diffId: DiffId): Promise<void> {
  const hasher = new Hasher();
  for await (const chunk of decompress(blob)) hasher.update(chunk);
  checkContent(hasher, diffId);
}

function checkContent(hasher: Hasher, diffId: DiffId): void {
  const digest = hasher.digest();
  if (digest === diffId) return;
  throw new TsbuildError("DIGEST_MISMATCH", `Cannot use the layer ${diffId}: its content is ${digest}`, {
    hint: "the image's config and its layers do not belong together: pull it again, or tell who made it",
  });
}

async function* watched(
  source: AsyncIterable<Uint8Array>,
  hasher: Hasher,
  into: UnpackInto,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hasher.update(chunk);
    into.tar?.(chunk);
    yield chunk;
  }
}

/** Tells the index and the helper the same. */
class Both implements TarVisitor {
  readonly #index: IndexBuilder;
  readonly #apply: ApplyStream;

  constructor(index: IndexBuilder, apply: ApplyStream) {
    this.#index = index;
    this.#apply = apply;
  }

  entry(entry: Entry, offset: number): void {
    this.#index.entry(entry, offset);
    this.#apply.entry(entry);
  }

  data(chunk: Buffer): void {
    this.#index.data(chunk);
    this.#apply.data(chunk);
  }

  whiteout(path: Bytes): void {
    this.#index.whiteout(path);
    this.#apply.whiteout(path);
  }

  opaque(path: Bytes): void {
    this.#index.opaque(path);
    this.#apply.opaque(path);
  }

  drain(): Promise<void> {
    return this.#apply.drain();
  }
}
