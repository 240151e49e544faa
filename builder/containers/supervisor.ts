import { connect, type Socket } from "node:net";
import { constants } from "node:os";
import { errnoOf } from "../core/errors.ts";
import { withSocketPath } from "../store/socket-path.ts";
import { isAlive } from "../store/dial.ts";

/** More callers than the kernel queues: they come again after so long (ms). */
const BUSY_MS = 20;
/** A supervisor answers at once, but not while nobody takes what its container says in the foreground (ms). */
const PATIENCE_MS = 10_000;
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
    for (;;) {
      const answer = await dial(controlOf(directory));
      if (answer === "busy") await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      else return answer === "gone" ? undefined : new Supervisor(answer);
    }
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
