import type { CacheKey } from "../cache/types.ts";
import type { Store } from "../store/types.ts";

/**
 * Keeps other processes from running a step until it is recorded. A filesystem that takes no sockets or hard links cannot
 * have locks: there equal steps of builds that run side by side are run by each, which costs time and nothing else.
 */
export async function claimStep(
  store: Store,
  key: CacheKey,
  signal: AbortSignal,
  onWait: () => void,
): Promise<Disposable> {
  try {
    return await store.locks.acquire(`step ${key}`, { signal, onWait });
  } catch (error) {
    if (signal.aborted) throw error;
    return { [Symbol.dispose]: () => {} };
  }
}
