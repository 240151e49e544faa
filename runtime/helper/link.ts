import type { NetworkLink } from "../types.ts";
import { expectAnswer } from "./answer.ts";
import type { Lane } from "./lane.ts";
import { FRAME } from "./protocol.ts";
import { FrameWriter } from "./writer.ts";

/** A network namespace that a worker of the helper holds: one exchange, from its making to its end. */
export class Link implements NetworkLink {
  readonly path: string;
  readonly #lane: Lane;
  readonly #ended: Promise<unknown>;
  readonly #onEnd: () => void;

  private constructor(path: string, lane: Lane, ended: Promise<unknown>, onEnd: () => void) {
    this.path = path;
    this.#lane = lane;
    this.#ended = ended;
    this.#onEnd = onEnd;
  }

  /** Resolves when the program says that the namespace is connected. */
  static async open(
    lane: Lane,
    path: string,
    program: readonly string[],
    signal: AbortSignal | undefined,
    onEnd: () => void,
  ): Promise<Link> {
    const command = new FrameWriter().begin(FRAME.NETWORK).text(path).texts(program).end().take();
    let ended: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      const onFrame = (type: number): void => {
        if (type === FRAME.STARTED) resolve();
      };
      ended = lane.exchange(command, onFrame, signal).then((answer) => expectAnswer(answer, "SANDBOX"));
      ended.catch(reject);
    });
    // How it ends is of interest to those alone who wait for it.
    ended.catch(() => {});
    return new Link(path, lane, ended, onEnd);
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
