interface Pending<T> {
  readonly promise: Promise<T>;
  /** Of whoever began it. */
  readonly signal: AbortSignal;
}

/** Work that is done once for all who want its result; what failed is tried again by the next who asks. */
export class Shared<T> {
  readonly #pending = new Map<string, Pending<T>>();

  /** What there is under a key, or what `make` makes of it. */
  async get(
    key: string,
    signal: AbortSignal,
    make: () => Promise<T>,
    isGood: (value: T) => boolean = () => true,
  ): Promise<T> {
    for (let known = this.#pending.get(key); known !== undefined; known = this.#pending.get(key)) {
      try {
        const value = await unlessAborted(known.promise, signal);
        if (isGood(value)) return value;
        this.#drop(key, known);
      } catch (error) {
        signal.throwIfAborted();
        // Whoever began it gave up: no reason for anybody else to.
        if (!known.signal.aborted) throw error;
        this.#drop(key, known);
      }
    }
    const made: Pending<T> = { promise: make(), signal };
    this.#pending.set(key, made);
    made.promise.catch(() => this.#drop(key, made));
    return made.promise;
  }

  /** Forgets a value that turned out to be no good, where it is still the one that is kept. */
  async forget(key: string, isBad: (value: T) => boolean): Promise<void> {
    const known = this.#pending.get(key);
    const value = await known?.promise.catch(() => undefined);
    if (known !== undefined && value !== undefined && isBad(value)) this.#drop(key, known);
  }

  #drop(key: string, known: Pending<T>): void {
    if (this.#pending.get(key) === known) this.#pending.delete(key);
  }
}

/** A promise that is not waited for any longer once the signal is given. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const end = (): void => reject(signal.reason);
    signal.addEventListener("abort", end, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", end));
  });
}
