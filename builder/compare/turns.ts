import { setImmediate as breathe } from "node:timers/promises";

/** Milliseconds after which signals and the display have their turn. */
const TURN = 50;

/** Lets long synchronous work stop now and then. */
export class Turns {
  readonly #signal: AbortSignal;
  #until = performance.now() + TURN;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  async take(): Promise<void> {
    if (performance.now() < this.#until) return;
    await breathe();
    this.#signal.throwIfAborted();
    this.#until = performance.now() + TURN;
  }
}
