import { comparePaths, pathOf } from "./path-order.ts";
import type { LayerChange } from "./types.ts";

type Changes = readonly LayerChange[];

/** First position in [from, to) whose path is not before `path`. */
export function lowerBound(changes: Changes, path: string, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const change = changes[middle];
    if (change !== undefined && comparePaths(pathOf(change), path) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First position in [from, to) that is neither `path` nor below it. [from] is: steps double, as most ranges are short. */
export function endOf(changes: Changes, path: string, from: number, to: number): number {
  let inside = from;
  let step = 1;
  while (inside + step < to && isWithin(changes, inside + step, path)) {
    inside += step;
    step *= 2;
  }
  let low = inside + 1;
  let high = Math.min(inside + step, to);
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isWithin(changes, middle, path)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isWithin(changes: Changes, index: number, path: string): boolean {
  const change = changes[index];
  if (change === undefined) return false;
  const at = pathOf(change);
  return at.startsWith(path) && (at.length === path.length || at.charCodeAt(path.length) === 47);
}
