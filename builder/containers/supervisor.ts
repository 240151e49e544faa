import { connect, type Socket } from "node:net";
import { constants } from "node:os";
import { errnoOf } from "../core/errors.ts";
import { withSocketPath } from "../store/socket-path.ts";
import { isAlive } from "../store/dial.ts";

/** More callers than the kernel queues: they come again after so long (ms). */
const BUSY_MS = 20;
/** A supervisor answers at once, but not while nobody takes what its container says in the foreground (ms). */
const PATIENCE_MS = 10_000;
const SAID = { stay: Buffer.from("N"), size: Buffer.from("W"), input: Buffer.from("I") };
const ANSWER = { signal: "S".charCodeAt(0), end: "E".charCodeAt(0) };

function controlOf(directory: string): string {
  return `${directory}/control`;
}

/** Whether a container's supervisor lives: the kernel answers, so neither a crash nor a pid's second use deceives. */
export async function isSupervised(directory: string): Promise<boolean> {
  return (await isAlive(controlOf(directory))) === true;
}

/** A line to the supervisor of a container; what it says is in native/container/control.h. */
export class Supervisor implements Disposable {
  readonly #socket: Socket;
  readonly #waiting: ((errno: number) => void)[] = [];
  #half: number | undefined;
  #code: number | undefined;
  /** The exit code when it is over, undefined where the supervisor died. */
  readonly ended: Promise<number | undefined>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.ended = new Promise((resolve) => {
      socket.on("close", () => {
        for (const answer of this.#waiting.splice(0)) answer(constants.errno.ESRCH);
        resolve(this.#code);
      });
    });
    socket.on("error", () => {});
    socket.on("data", (data: Buffer) => {
      for (const byte of data) this.#take(byte);
    });
  }

  /** Undefined where nobody supervises it. */
  static async call(directory: string): Promise<Supervisor | undefined> {
    const socket = await dialPatiently(controlOf(directory));
    return socket && new Supervisor(socket);
  }

  /** Sends a signal to the container's first process; 0 or an errno: ETIMEDOUT where there was no answer. */
  signal(number: number): Promise<number> {
    return new Promise((resolve) => {
      if (this.#socket.destroyed || this.#code !== undefined) return resolve(constants.errno.ESRCH);
      const late = setTimeout(() => resolve(constants.errno.ETIMEDOUT), PATIENCE_MS);
      this.#waiting.push((errno) => {
        clearTimeout(late);
        resolve(errno);
      });
      this.#socket.write(Buffer.of(number));
    });
  }

  /** It is not to be run again when it ends. */
  endForGood(): void {
    this.#socket.write(SAID.stay);
  }

  /** Gives its terminal a size. */
  resize(columns: number, rows: number): void {
    const size = Buffer.alloc(4);
    size.writeUInt16LE(columns & 0xffff, 0);
    size.writeUInt16LE(rows & 0xffff, 2);
    this.#socket.write(Buffer.concat([SAID.size, size]));
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }

  #take(byte: number): void {
    const what = this.#half;
    this.#half = what === undefined ? byte : undefined;
    if (what === ANSWER.signal) this.#waiting.shift()?.(byte);
    else if (what === ANSWER.end) this.#code = byte;
  }
}

/**
 * Passes input on to a container's first process, until there is no more of it, which that one does not notice, or the
 * container has ended. `eager`: keys are read while the container reads none, for there may be some that are not for it.
 */
export async function feedContainer(
  directory: string,
  source: AsyncIterable<Uint8Array>,
  eager: boolean,
): Promise<void> {
  const socket = await dialPatiently(controlOf(directory));
  if (socket === undefined) return;
  const over = new Promise<void>((resolve) => socket.on("close", resolve));
  socket.on("error", () => {});
  socket.write(SAID.input);
  try {
    for await (const chunk of source) {
      if (socket.destroyed) return;
      const taken = socket.write(chunk);
      if (taken || eager) continue;
      await Promise.race([over, new Promise((resolve) => socket.once("drain", resolve))]);
    }
  } finally {
    socket.end();
  }
}

async function dialPatiently(path: string): Promise<Socket | undefined> {
  for (;;) {
    const answer = await dial(path);
    if (answer === "busy") await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
    else return answer === "gone" ? undefined : answer;
  }
}

function dial(path: string): Promise<Socket | "gone" | "busy"> {
  return new Promise((resolve, reject) => {
    let socket: Socket;
    const failed = (error: unknown): void => {
      const code = errnoOf(error) ?? "";
      if (code === "EAGAIN") resolve("busy");
      else if (["ENOENT", "ECONNREFUSED", "ECONNRESET", "ENOTDIR"].includes(code)) resolve("gone");
      else reject(error);
    };
    try {
      socket = withSocketPath(path, (short) => connect({ path: short }));
    } catch (error) {
      failed(error);
      return;
    }
    socket.once("error", failed);
    socket.once("connect", () => {
      socket.off("error", failed);
      resolve(socket);
    });
  });
}
