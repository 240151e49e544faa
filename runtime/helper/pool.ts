import type { Lane } from "./lane.ts";

interface Waiter {
  resolve(lane: Lane): void;
  reject(error: Error): void;
}

/** Hands lanes out; who finds none waits for one, first come first served. */
export class LanePool {
  readonly #free: Lane[] = [];
  readonly #waiting: Waiter[] = [];
  #usable: number;
  #failure: Error | undefined;

  constructor(lanes: number) {
    this.#usable = lanes;
  }

  /** Takes a new lane, or one that is idle again. */
  release(lane: Lane): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(lane);
    else next.resolve(lane);
  }

  acquire(signal?: AbortSignal): Promise<Lane> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    const lane = this.#free.pop();
    if (lane !== undefined) return Promise.resolve(lane);
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        resolve: (granted) => {
          signal?.removeEventListener("abort", abort);
          resolve(granted);
        },
        reject,
      };
      const abort = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", abort, { once: true });
      this.#waiting.push(waiter);
    });
  }

  /** One lane less: its worker died. Without any left, nobody will get one. */
  retire(error: Error): void {
    this.#usable -= 1;
    if (this.#usable === 0) this.fail(error);
  }

  fail(error: Error): void {
    this.#failure = error;
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }
}
