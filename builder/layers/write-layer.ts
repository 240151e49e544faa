import { setImmediate as breathe } from "node:timers/promises";
import { printable } from "../core/bytes.ts";
import { EMPTY_DIGEST, type Digest } from "../core/digest.ts";
import type { Content, Entry } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { ContentReader, type Read } from "./content-reader.ts";
import { LayerRecorder, UNNAMED, type RecordOptions } from "./layer-recorder.ts";
import { Unchanged, type EarlierLayer } from "./unchanged.ts";
import { sortChanges } from "./path-order.ts";
import type { TarSink } from "./tar-writer.ts";
import type { LayerChange, LayerIndex, NewChange } from "./types.ts";

/** How long the event loop may wait: progress is drawn ten times a second. */
const SLICE_MS = 50;
/** Looking at the clock costs as much as a small file's header. */
const CHECK_EVERY = 32;
/** Bytes after which others have their turn. */
const BIG = 1024 * 1024;

type FileContent = Extract<Content, { kind: "file" }>;

export interface WriteLayerOptions extends RecordOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told now and then what the tar has by now; bytes may still be on their way to it. */
  readonly tell?: ((changes: readonly LayerChange[]) => void) | undefined;
  /** Waits where `out` has not come so far yet. */
  readonly drain?: (() => Promise<void>) | undefined;
  /** A layer whose tar may have a part of the bytes, headers and all. */
  readonly earlier?: EarlierLayer | undefined;
  /**
   * Asked when `out` has everything: the digests of the files that came without one, which `out` was told the places of. The
   * index has them, and those who gave the files are told.
   */
  readonly learn?: (() => Promise<readonly Digest[]>) | undefined;
}

/**
 * Writes the tar of new changes, whose contents it reads on the way: one read, one sequential write. `out` must be done
 * with a chunk when it returns. Reads synchronously, in slices.
 */
export async function writeLayer(
  changes: readonly NewChange[],
  out: TarSink,
  options: WriteLayerOptions = {},
): Promise<LayerIndex> {
  using reader = new ContentReader();
  const recorder = new LayerRecorder(out, options);
  const unchanged = options.earlier && new Unchanged(options.earlier, recorder);
  const learning: FileContent[] = [];
  const since = Date.now();
  let until = Date.now() + SLICE_MS;
  const turn = async (): Promise<void> => {
    await options.drain?.();
    options.tell?.(recorder.changes);
    if (Date.now() < until) return;
    await breathe();
    options.signal?.throwIfAborted();
    until = Date.now() + SLICE_MS;
  };
  let count = 0;
  let bytes = 0;
  for (const change of sortChanges(changes)) {
    if (change.kind === "entry") {
      const { entry } = change;
      const file = change.content?.kind === "file" ? change.content : undefined;
      const learns = options.learn !== undefined && file !== undefined && file.digest === undefined;
      const digest = !learns ? file?.digest : entry.size === 0 ? EMPTY_DIGEST : UNNAMED;
      if (unchanged?.take(change, digest) === true) bytes += entry.size;
      else {
        recorder.entry(entry, digest);
        if (learns && digest === UNNAMED) learning.push(file);
        if (entry.size > 0 && entry.type === "file") {
          const content = contentOf(change);
          if (entry.size <= BIG) reader.with(content, (read) => copyAll(read, recorder, entry, content));
          else await reader.withSlowly(content, (read) => copySlowly(read, recorder, entry, content, turn));
          bytes += entry.size;
        }
      }
    } else {
      unchanged?.end();
      if (change.kind === "whiteout") recorder.whiteout(change.path);
      else recorder.opaque(change.path);
    }
    if (++count % CHECK_EVERY !== 0 && bytes < BIG) continue;
    bytes = 0;
    await turn();
  }
  unchanged?.end();
  recorder.end();
  const digests = (await options.learn?.()) ?? [];
  for (const [at, digest] of digests.entries()) {
    const file = learning[at];
    file?.watch?.learned(file.id ?? 0, file.path, digest, since);
  }
  return recorder.index(digests);
}

function contentOf({ entry, content }: Extract<NewChange, { kind: "entry" }>): Content {
  if (content !== undefined) return content;
  throw new TsbuildError("INTERNAL", `Cannot store "${printable(entry.path)}": it came without its bytes`);
}

function copyAll(read: Read, recorder: LayerRecorder, entry: Entry, content: Content): void {
  for (let left = entry.size; left > 0;) left -= copyPiece(read, recorder, entry, content, left);
}

async function copySlowly(
  read: Read,
  recorder: LayerRecorder,
  entry: Entry,
  content: Content,
  turn: () => Promise<void>,
): Promise<void> {
  for (let left = entry.size; left > 0;) {
    left -= copyPiece(read, recorder, entry, content, left);
    await turn();
  }
}

function copyPiece(
  read: Read,
  recorder: LayerRecorder,
  entry: Entry,
  content: Content,
  left: number,
): number {
  const got = recorder.fill(read);
  if (got === 0 || got > left) throw changed(entry, content);
  return got;
}

function changed(entry: Entry, content: Content): TsbuildError {
  const name = printable(content.kind === "file" ? content.path : entry.path);
  return new TsbuildError("CONTEXT_NOT_FOUND", `Cannot copy "${name}": it changed while it was read`, {
    hint: "build again when nothing writes to the context",
  });
}
