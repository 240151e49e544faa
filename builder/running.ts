import type { BuildEvent, Emit } from "./core/events.ts";
import { nextTurn } from "./core/next-turn.ts";

/**
 * Work that is under way: `await` gives its result, `for await` its events until it is over. Whoever wants both iterates
 * first. It begins after the code that asked for it has run on, so that no event is missed.
 */
export class Running<T> implements PromiseLike<T>, AsyncIterable<BuildEvent> {
  /** The result; rejects as the work fails. */
  readonly result: Promise<T>;
  #queue: BuildEvent[] | undefined;
  #wake: () => void = () => undefined;
  #over = false;

  constructor(work: (emit: Emit) => Promise<T>) {
    this.result = nextTurn().then(() => work((event) => this.#take(event)));
    const end = (): void => {
      this.#over = true;
      this.#wake();
    };
    // A failure is told to those who wait for the result.
    this.result.then(end, end);
  }

  // oxlint-disable-next-line unicorn/no-thenable -- it is what `await` takes.
  then<A = T, B = never>(
    onResult?: ((value: T) => A | PromiseLike<A>) | null,
    onFailure?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result.then(onResult, onFailure);
  }

  /** The events from now on; ends with the work, whether it succeeded or failed. */
  [Symbol.asyncIterator](): AsyncGenerator<BuildEvent, void, undefined> {
    this.#queue ??= [];
    return this.#events();
  }

  async *#events(): AsyncGenerator<BuildEvent, void, undefined> {
    for (;;) {
      const events = this.#queue?.splice(0) ?? [];
      yield* events;
      if (events.length > 0) continue;
      if (this.#over) return;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Nothing is kept where nobody listens. */
  #take(event: BuildEvent): void {
    this.#queue?.push(event);
    this.#wake();
  }
}
