import { lazy } from "../core/lazy.ts";

/** Told once what arrives, as it arrives. */
export type OnArrival = (bytes: AsyncIterable<Uint8Array>) => void;

/**
 * A transfer that is made once, whoever asks for it, and whose bytes can be read on their way: as they come the first time.
 * Where that fails and it begins anew, nobody reads along.
 */
export function transferOnce(transfer: (onArrival: OnArrival) => Promise<void>): {
  readonly fetch: () => Promise<void>;
  readonly arriving: () => Promise<AsyncIterable<Uint8Array> | undefined>;
} {
  let arrival: Promise<AsyncIterable<Uint8Array> | undefined> | undefined;
  const fetch = lazy(() => {
    const work = new Promise<void>((resolve, reject) => {
      arrival = new Promise((tell) => {
        const done = transfer(tell);
        const nothing = (): void => tell(undefined);
        done.then(nothing, nothing);
        done.then(resolve, reject);
      });
    });
    return work;
  });
  return {
    fetch,
    async arriving() {
      // Whoever asks for the blob hears of it.
      fetch().catch(() => {});
      return arrival;
    },
  };
}
