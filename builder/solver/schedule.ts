import { TsbuildError } from "../core/errors.ts";

/**
 * What is going on in one build, and how it ends: the first error stops everything, and nobody is told of it before all
 * that runs has come to an end.
 */
export class Schedule {
  readonly #controller = new AbortController();
  readonly #active = new Set<Promise<unknown>>();
  #failure: { readonly error: unknown } | undefined;

  /** From now on, until the returned function is called, the caller's signal interrupts the build. */
  heed(signal: AbortSignal): () => void {
    const interrupt = (): void => {
      this.fail(new TsbuildError("INTERRUPTED", "Cannot finish the build: it was interrupted"));
    };
    if (signal.aborted) interrupt();
    signal.addEventListener("abort", interrupt);
    return () => signal.removeEventListener("abort", interrupt);
  }

  /** Aborted when the build failed or was interrupted. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The first error. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** Throws the first error, if there was one: to be asked before anything is begun. */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** True for the first error alone: the others follow from it. */
  fail(error: unknown): boolean {
    if (this.#failure !== undefined) return false;
    this.#failure = { error };
    this.#controller.abort(error);
    return true;
  }

  /** Work that `idle` waits for. */
  track<T>(work: Promise<T>): Promise<T> {
    const forget = (): void => {
      this.#active.delete(work);
    };
    this.#active.add(work);
    work.then(forget, forget);
    return work;
  }

  /** Resolves when nothing runs any more. */
  async idle(): Promise<void> {
    while (this.#active.size > 0) await Promise.allSettled(this.#active);
  }
}
