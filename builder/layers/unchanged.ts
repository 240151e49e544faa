import type { Digest } from "../core/digest.ts";
import { alike } from "./layer-delta.ts";
import { keepsData, type LayerRecorder } from "./layer-recorder.ts";
import { comparePaths, pathOf } from "./path-order.ts";
import { BLOCK } from "./tar-header.ts";
import type { LayerChange, LayerIndex, NewChange } from "./types.ts";

/** A layer that was made before, perhaps of much the same files. */
export interface EarlierLayer {
  /** With the digests of files: without them nothing is known to be the same. */
  readonly index: LayerIndex;
  /** Writes a part of its tar after what was written so far. */
  copy(offset: number, size: number): void;
}

type EntryChange = Extract<LayerChange, { kind: "entry" }>;

/** Longer stretches are copied in parts, so that the copying begins while the rest is looked for. */
const STRETCH = 4 << 20;

/**
 * Takes files of a new layer from the tar of an earlier one. What stands side by side in both is copied at one go, headers
 * and all: those are the same, as both are written by the same writer from equal entries.
 */
export class Unchanged {
  readonly #earlier: EarlierLayer;
  readonly #recorder: LayerRecorder;
  /** Where the look at the earlier layer goes on; paths come in order. */
  #next = 0;
  /** The part of the earlier tar that is to be copied: up to the end of the file at `last`. */
  #stretch: { readonly from: number; size: number; last: number } | undefined;

  constructor(earlier: EarlierLayer, recorder: LayerRecorder) {
    this.#earlier = earlier;
    this.#recorder = recorder;
  }

  /** False where the file is not the same: it is the caller's to write. */
  take(change: Extract<NewChange, { kind: "entry" }>, digest: Digest | undefined): boolean {
    const { entry, content } = change;
    const at = digest === undefined ? undefined : this.#find(change, digest);
    const same = at === undefined ? undefined : this.#change(at);
    if (at === undefined || same?.offset === undefined) {
      this.end();
      return false;
    }
    if (content?.kind === "file") content.watch?.checked(content.id ?? 0, undefined);
    const stretch = this.#stretch;
    const header = stretch === undefined ? 0 : same.offset - stretch.from - stretch.size;
    if (stretch?.last === at - 1 && stretch.size < STRETCH && header >= BLOCK) {
      stretch.size += this.#recorder.foreign(same.entry, digest, header);
      stretch.last = at;
      return true;
    }
    this.end();
    this.#recorder.entry(entry, digest);
    this.#stretch = { from: same.offset, size: this.#recorder.leave(), last: at };
    return true;
  }

  /** To be called before anything else is written. */
  end(): void {
    const { from, size } = this.#stretch ?? { from: 0, size: 0 };
    this.#stretch = undefined;
    if (size > 0) this.#earlier.copy(from, size);
  }

  /** Where the earlier layer has the same file; undefined where it has not. */
  #find({ entry }: Extract<NewChange, { kind: "entry" }>, digest: Digest): number | undefined {
    const { changes } = this.#earlier.index;
    for (; this.#next < changes.length; this.#next++) {
      const change = changes[this.#next];
      const order = change === undefined ? 1 : comparePaths(pathOf(change), entry.path);
      if (order > 0) return undefined;
      if (order < 0) continue;
      const same =
        change?.kind === "entry" &&
        change.digest === digest &&
        alike(change.entry, this.#recorder.dated(entry)) &&
        !keepsData(entry);
      if (same) return this.#next++;
    }
    return undefined;
  }

  #change(at: number): EntryChange | undefined {
    const change = this.#earlier.index.changes[at];
    return change?.kind === "entry" ? change : undefined;
  }
}
