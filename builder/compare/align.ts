import type { LayerRef } from "./types.ts";

interface Pair {
  readonly a?: LayerRef;
  readonly b?: LayerRef;
}

/**
 * Which layer of one image stands for which of the other, without those that are the same. Layers of one instruction
 * belong together; an instruction that was put in or taken out moves the others along.
 */
export function alignLayers(a: readonly LayerRef[], b: readonly LayerRef[]): readonly Pair[] {
  const pairs = a.length === b.length ? inStep(a, b) : byInstruction(a, b);
  return pairs.filter((pair) => pair.a?.diffId !== pair.b?.diffId);
}

function inStep(a: readonly LayerRef[], b: readonly LayerRef[]): Pair[] {
  return a.map((ref, index) => {
    const other = b[index];
    return other === undefined ? { a: ref } : { a: ref, b: other };
  });
}

/** The longest common subsequence of both: layers are at most a few hundred. */
function byInstruction(a: readonly LayerRef[], b: readonly LayerRef[]): Pair[] {
  const width = b.length + 1;
  const lengths = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const match = alike(a[i], b[j]);
      lengths[i * width + j] = match ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: Pair[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length;) {
    const ours = a[i];
    const theirs = b[j];
    if (ours !== undefined && theirs !== undefined && alike(ours, theirs)) {
      pairs.push({ a: ours, b: theirs });
      i++;
      j++;
    } else if (ours !== undefined && (theirs === undefined || at(i + 1, j) >= at(i, j + 1))) {
      pairs.push({ a: ours });
      i++;
    } else if (theirs !== undefined) {
      pairs.push({ b: theirs });
      j++;
    }
  }
  return pairs;
}

function alike(a: LayerRef | undefined, b: LayerRef | undefined): boolean {
  if (a === undefined || b === undefined) return false;
  return a.diffId === b.diffId || (a.createdBy !== undefined && a.createdBy === b.createdBy);
}
