import { setImmediate as breathe } from "node:timers/promises";
import { printable } from "../core/bytes.ts";
import type { Content, Entry } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { ContentReader } from "./content-reader.ts";
import { LayerRecorder, type RecordOptions } from "./layer-recorder.ts";
import { sortChanges } from "./path-order.ts";
import type { LayerIndex, NewChange } from "./types.ts";

/** How long the event loop may wait: progress is drawn ten times a second. */
const SLICE_MS = 50;
/** Looking at the clock costs as much as a small file's header. */
const CHECK_EVERY = 32;

export interface WriteLayerOptions extends RecordOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Writes the tar of new changes, whose contents it reads on the way: one read, one sequential write. `out` must be done
 * with a chunk when it returns. Reads synchronously, in slices.
 */
export async function writeLayer(
  changes: readonly NewChange[],
  out: (chunk: Uint8Array) => void,
  options: WriteLayerOptions = {},
): Promise<LayerIndex> {
  using reader = new ContentReader();
  const recorder = new LayerRecorder(out, options);
  let until = performance.now() + SLICE_MS;
  let count = 0;
  let big = 0;
  for (const change of sortChanges(changes)) {
    if (change.kind === "entry") {
      recorder.entry(change.entry);
      if (change.entry.size > 0 && change.entry.type === "file") {
        copyContent(reader, recorder, change.entry, change.content);
        big += change.entry.size;
      }
    } else if (change.kind === "whiteout") recorder.whiteout(change.path);
    else recorder.opaque(change.path);
    if (++count % CHECK_EVERY !== 0 && big < 1024 * 1024) continue;
    big = 0;
    if (performance.now() < until) continue;
    await breathe();
    options.signal?.throwIfAborted();
    until = performance.now() + SLICE_MS;
  }
  return recorder.finish();
}

function copyContent(
  reader: ContentReader,
  recorder: LayerRecorder,
  entry: Entry,
  content: Content | undefined,
): void {
  if (content === undefined) {
    throw new TsbuildError("INTERNAL", `Cannot store "${printable(entry.path)}": it came without its bytes`);
  }
  reader.with(content, (read) => {
    let left = entry.size;
    while (left > 0) {
      const got = recorder.fill(read);
      if (got === 0 || got > left) throw changed(entry, content);
      left -= got;
    }
  });
}

function changed(entry: Entry, content: Content): TsbuildError {
  const name = printable(content.kind === "file" ? content.path : entry.path);
  return new TsbuildError("CONTEXT_NOT_FOUND", `Cannot copy "${name}": it changed while it was read`, {
    hint: "build again when nothing writes to the context",
  });
}
