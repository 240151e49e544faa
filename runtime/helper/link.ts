import type { NetworkLink } from "../types.ts";
import { expectAnswer } from "./answer.ts";
import type { Lane } from "./lane.ts";
import { FRAME } from "./protocol.ts";
import { FrameWriter } from "./writer.ts";

/** A network namespace that a worker of the helper holds: one exchange, from its making to its end. */
export class Link implements NetworkLink {
  readonly path: string;
  readonly connected: Promise<void>;
  readonly #lane: Lane;
  readonly #ended: Promise<unknown>;
  readonly #onEnd: () => void;

  private constructor(
    path: string,
    lane: Lane,
    connected: Promise<void>,
    ended: Promise<unknown>,
    onEnd: () => void,
  ) {
    this.path = path;
    this.connected = connected;
    this.#lane = lane;
    this.#ended = ended;
    this.#onEnd = onEnd;
  }

  /** Resolves when the namespace is there. */
  static async open(
    lane: Lane,
    path: string,
    program: readonly string[],
    signal: AbortSignal | undefined,
    onEnd: () => void,
  ): Promise<Link> {
    const command = new FrameWriter().begin(FRAME.NETWORK).text(path).texts(program).end().take();
    let [onMade, onConnected] = [(): void => undefined, (): void => undefined];
    const made = new Promise<void>((resolve) => (onMade = resolve));
    const started = new Promise<void>((resolve) => (onConnected = resolve));
    const onFrame = (type: number): void => {
      if (type === FRAME.MADE) onMade();
      else if (type === FRAME.STARTED) onConnected();
    };
    const exchange = async (): Promise<void> => {
      expectAnswer(await lane.exchange(command, onFrame, signal), "SANDBOX");
    };
    const ended = exchange();
    const connected = Promise.race([started, ended]);
    // Whoever waits for it hears of a failure.
    connected.catch(() => {});
    await Promise.race([made, ended]);
    // How it ends is of interest to those alone who wait for it.
    ended.catch(() => {});
    return new Link(path, lane, connected, ended, onEnd);
  }

  /** Lets it last as long as the helper. */
  async detach(): Promise<void> {
    this.#lane.detach();
    await this.#ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#onEnd();
    this.#lane.cancel();
    await this.#ended.catch(() => {});
  }
}
