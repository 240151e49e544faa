import type { Socket } from "node:net";
import { FRAME } from "./protocol.ts";
import { FrameParser } from "./reader.ts";
import { FrameWriter } from "./writer.ts";

/** What a command makes of the frames that answer it. */
export type OnFrame = (type: number, payload: Buffer) => void;

/** The frame that ends an exchange. */
export interface Answer {
  readonly type: number;
  readonly payload: Buffer;
}

const SMALL = 1024 * 1024;

/**
 * One of the helper's command sockets. An exchange is a command, what goes back and forth, and an answer; the lane is
 * free again when the helper said IDLE, after which nothing of the old exchange can be on it.
 */
export class Lane {
  readonly index: number;
  readonly #socket: Socket;
  readonly #onIdle: (lane: Lane) => void;
  #exchange: { onFrame: OnFrame; resolve(answer: Answer): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;

  constructor(index: number, socket: Socket, onIdle: (lane: Lane) => void) {
    this.index = index;
    this.#socket = socket;
    this.#onIdle = onIdle;
    const parser = new FrameParser((type, payload) => this.#take(type, payload));
    socket.on("data", (chunk: Buffer) => parser.push(chunk));
    // A socket that breaks belongs to a helper that died; its exit says more.
    socket.on("error", () => {});
  }

  /** Sends a command; resolves with DONE, EXIT or ERROR. What `onFrame` throws stops the command and is thrown here. */
  async exchange(command: Buffer, onFrame: OnFrame, signal?: AbortSignal): Promise<Answer> {
    if (this.#failure !== undefined) throw this.#failure;
    let thrown: { readonly error: unknown } | undefined;
    const cancel = (): void => this.cancel();
    const guarded: OnFrame = (type, payload) => {
      if (thrown !== undefined) return;
      try {
        onFrame(type, payload);
      } catch (error) {
        thrown = { error };
        cancel();
      }
    };
    signal?.addEventListener("abort", cancel);
    try {
      const answer = await new Promise<Answer>((resolve, reject) => {
        this.#exchange = { onFrame: guarded, resolve, reject };
        this.#socket.write(command);
        if (signal?.aborted === true) cancel();
      });
      if (thrown !== undefined) throw thrown.error;
      if (signal?.aborted === true) throw signal.reason;
      return answer;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Sends frames of the exchange that is under way. Their memory may be used again when `onSent` is called. */
  send(frames: Buffer, onSent?: () => void): void {
    if (this.#exchange !== undefined) this.#socket.write(frames, onSent);
  }

  cancel(): void {
    this.send(new FrameWriter(16).begin(FRAME.CANCEL).end().take());
  }

  /** Asks the worker to go on when this process is gone; its answer to that ends the exchange. */
  detach(): void {
    this.send(new FrameWriter(16).begin(FRAME.DETACH).end().take());
  }

  /** Takes nothing more of the helper until something is done: it waits meanwhile. */
  hold(until: Promise<void>): void {
    this.#socket.pause();
    const resume = (): void => void this.#socket.resume();
    until.then(resume, resume);
  }

  /** Resolves when little is left to be sent, or nothing can be any more. */
  async drain(): Promise<void> {
    while (this.#exchange !== undefined && this.#socket.writableLength > SMALL) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.#socket.off("drain", done).off("close", done);
          resolve();
        };
        this.#socket.on("drain", done).on("close", done);
      });
    }
  }

  /** Ends the exchange, and every later one, with an error. */
  fail(error: Error): void {
    this.#failure = error;
    this.#exchange?.reject(error);
    this.#exchange = undefined;
    this.#socket.destroy();
  }

  #take(type: number, payload: Buffer): void {
    if (type === FRAME.IDLE) return this.#onIdle(this);
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    if (type !== FRAME.DONE && type !== FRAME.EXIT && type !== FRAME.ERROR) {
      exchange.onFrame(type, payload);
      return;
    }
    this.#exchange = undefined;
    this.#socket.write(new FrameWriter(16).begin(FRAME.RELEASE).end().take());
    exchange.resolve({ type, payload });
  }
}
