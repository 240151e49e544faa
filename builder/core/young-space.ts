let holders = 0;

/**
 * Does work that makes many small objects without letting V8's space for young ones grow: it would double it to 48 MB, which
 * no build gets back, and collect no faster. Afterwards the flag is what it was: V8 refuses code that was cached under other
 * flags (cli/code-cache.ts). What such work needs is loaded with this (.ci/parts.mjs), and not in the middle of it.
 */
export async function inSmallYoungSpace<T>(work: () => Promise<T>): Promise<T> {
  const { setFlagsFromString } = await import("node:v8");
  holders++;
  // Within other such work as well: each thread that begins sets the flag of all threads to 2 (V8's Heap::ConfigureHeap).
  setFlagsFromString("--semi-space-growth-factor=1");
  try {
    return await work();
  } finally {
    if (--holders === 0) setFlagsFromString("--semi-space-growth-factor=2");
  }
}
