import { closeSync, openSync, readSync } from "node:fs";
import { setImmediate as breathe } from "node:timers/promises";
import type { FilePair } from "./layer-delta.ts";
import type { LayerChange } from "./types.ts";

const SLICE = 1 << 20;
/** How long the event loop may wait. */
const TURN_MS = 50;

/** Two ranges of equal length. */
interface Run {
  readonly old: number;
  readonly new: number;
  size: number;
  readonly pairs: FilePair[];
}

/**
 * The files of a layer whose bytes differ from those that an older one has. Both are tars of the same maker: what lies
 * side by side in both, headers and all, is compared at one go.
 */
export async function changedFiles(
  oldTar: string,
  newTar: string,
  pairs: readonly FilePair[],
): Promise<LayerChange[]> {
  const changed: LayerChange[] = [];
  const old = new Range(oldTar);
  const now = new Range(newTar);
  try {
    let until = performance.now() + TURN_MS;
    for (const run of runsOf(pairs)) {
      if (!equal(old, now, run))
        for (const pair of run.pairs) if (!equal(old, now, runOf(pair))) changed.push(pair.new);
      if (performance.now() < until) continue;
      await breathe();
      until = performance.now() + TURN_MS;
    }
  } finally {
    old.close();
    now.close();
  }
  return changed;
}

function* runsOf(pairs: readonly FilePair[]): Generator<Run> {
  let run: Run | undefined;
  for (const pair of pairs) {
    const next = runOf(pair);
    const end = next.new + next.size;
    const together = run !== undefined && next.new - run.new === next.old - run.old && end - run.new <= SLICE;
    if (run !== undefined && together && next.new >= run.new + run.size) {
      run.size = end - run.new;
      run.pairs.push(pair);
    } else {
      if (run !== undefined) yield run;
      run = next;
    }
  }
  if (run !== undefined) yield run;
}

function runOf(pair: FilePair): Run {
  return {
    old: pair.old.offset ?? 0,
    new: pair.new.offset ?? 0,
    size: pair.new.entry.size,
    pairs: [pair],
  };
}

function equal(old: Range, now: Range, run: Run): boolean {
  for (let done = 0; done < run.size; done += SLICE) {
    const size = Math.min(SLICE, run.size - done);
    const there = old.read(run.old + done, size);
    if (there.length !== size || !there.equals(now.read(run.new + done, size))) return false;
  }
  return true;
}

class Range {
  readonly #fd: number;
  readonly #buffer = Buffer.allocUnsafeSlow(SLICE);

  constructor(path: string) {
    this.#fd = openSync(path, "r");
  }

  /** Fewer bytes where the file ends. */
  read(at: number, size: number): Buffer {
    let done = 0;
    while (done < size) {
      const got = readSync(this.#fd, this.#buffer, done, size - done, at + done);
      if (got === 0) break;
      done += got;
    }
    return this.#buffer.subarray(0, done);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
