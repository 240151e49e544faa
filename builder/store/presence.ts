import { linkSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { lazy } from "../core/lazy.ts";
import { withSocketPath } from "./socket-path.ts";

/** What a caller says is a ticket's name and a line feed. */
const MAX_QUESTION = 200;

/**
 * A socket of this process in the store: the kernel refuses connections to it from the moment the process is dead, whatever
 * killed it, and ends those that there are. That holds for every process of the machine that sees the store, in whatever
 * pid or network namespace: a socket with a path is found by its inode (unix(7)).
 *
 * Each lock that is held is one more name (a hard link) of the socket. Whoever waits for it connects, says which name it
 * means, and is hung up on when the lock is free.
 */
export class Presence implements Disposable {
  readonly #place: () => string;
  readonly #held = new Map<string, Set<Socket>>();
  #server: Server | undefined;

  /** `place` makes the path of the socket when it is first needed. */
  constructor(place: () => string) {
    this.#place = place;
  }

  /** Starts to listen; the socket's path. */
  readonly listen: () => Promise<string> = lazy(async () => {
    const path = this.#place();
    const server = createServer((socket) => this.#answer(socket));
    // A lock that is held is no reason to go on.
    server.unref();
    withSocketPath(path, (short) => server.listen({ path: short, exclusive: true }));
    await once(server, "listening");
    this.#server = server;
    return path;
  });

  /** Makes `path`, whose last part is `name`, one more name of the socket; throws EEXIST where there is such a file. */
  async hold(path: string, name: string): Promise<void> {
    const socket = await this.listen();
    const callers = this.#held.get(name);
    if (callers === undefined) this.#held.set(name, new Set());
    try {
      linkSync(socket, path);
    } catch (error) {
      if (callers === undefined) this.#held.delete(name);
      throw error;
    }
  }

  /** Hangs up on those that wait for a name that is removed. */
  release(name: string): void {
    for (const socket of this.#held.get(name) ?? []) socket.destroy();
    this.#held.delete(name);
  }

  [Symbol.dispose](): void {
    for (const name of this.#held.keys()) this.release(name);
    this.#server?.close();
  }

  #answer(socket: Socket): void {
    let question = "";
    socket.unref();
    socket.on("error", () => socket.destroy());
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => {
      question += text;
      const end = question.indexOf("\n");
      if (end < 0 && question.length <= MAX_QUESTION) return;
      const callers = this.#held.get(question.slice(0, Math.max(end, 0)));
      if (callers === undefined) {
        socket.destroy();
        return;
      }
      callers.add(socket);
      socket.on("close", () => callers.delete(socket));
    });
  }
}
