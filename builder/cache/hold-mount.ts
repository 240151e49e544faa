import { mountLock, openLock, sharedLock } from "../../runtime/mounts/cache-mounts.ts";
import type { Emit } from "../core/events.ts";
import type { Lock, Store } from "../store/types.ts";
import type { StoredMount } from "./bundle-contents.ts";

interface Waiting {
  readonly store: Store;
  readonly signal: AbortSignal;
  readonly emit: Emit;
}

/**
 * Takes a cache mount for itself, when the steps that use it have ended. Steps that share it need each other, perhaps: one
 * that comes while others are waited for is let in, and only while nobody has the mount are all kept out.
 */
export async function holdMount(
  { store, signal, emit }: Waiting,
  { id, slot, path }: Pick<StoredMount, "id" | "slot" | "path">,
): Promise<Disposable> {
  let told = false;
  const onWait = (): void => {
    if (!told) emit({ type: "notice", message: "waiting for a build that uses a cache mount" });
    told = true;
  };
  for (;;) {
    const held: Lock[] = [];
    const letGo = (): void => {
      for (const lock of held.splice(0).reverse()) lock[Symbol.dispose]();
    };
    try {
      held.push(await store.locks.acquire(mountLock(id, slot), { signal, onWait }));
      held.push(await store.locks.acquire(openLock(store, path), { signal }));
      const alone = await store.locks.tryAcquire(sharedLock(store, path));
      if (alone !== undefined) {
        held.push(alone);
        return { [Symbol.dispose]: letGo };
      }
    } catch (error) {
      letGo();
      throw error;
    }
    letGo();
    (await store.locks.acquire(sharedLock(store, path), { signal, onWait }))[Symbol.dispose]();
  }
}
