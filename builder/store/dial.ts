import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { errnoOf } from "../core/errors.ts";
import { withSocketPath } from "./socket-path.ts";

/** What became of a socket's owner: it let the name go, it is dead, or it lives (asked by `isAlive` alone). */
type Fate = "released" | "dead";

/** More callers than the kernel queues: they come again after so long (ms). */
const BUSY_MS = 50;

/**
 * Waits until whoever listens on `path` lets the name go or dies; returns at once where nobody does. `onWait` is called
 * when somebody lives. Rejects with the signal's reason when it is aborted.
 */
export async function awaitRelease(
  path: string,
  name: string,
  signal: AbortSignal | undefined,
  onWait: () => void,
): Promise<Fate> {
  for (;;) {
    signal?.throwIfAborted();
    const outcome = await call(path, signal, (socket) => {
      socket.write(`${name}\n`);
      onWait();
    });
    if (outcome !== "busy") return outcome;
    await delay(BUSY_MS, undefined, { signal });
  }
}

/** Whether somebody listens on a socket; undefined where there is none. */
export async function isAlive(path: string): Promise<boolean | undefined> {
  let alive = false;
  const outcome = await call(path, undefined, (socket) => {
    alive = true;
    socket.destroy();
  });
  if (alive || outcome === "busy") return true;
  return outcome === "dead" ? false : undefined;
}

/** Connects; resolves when that fails or when the connection is over. */
function call(
  path: string,
  signal: AbortSignal | undefined,
  onConnect: (socket: Socket) => void,
): Promise<Fate | "busy"> {
  return new Promise((resolve, reject) => {
    let socket: Socket;
    try {
      socket = withSocketPath(path, (short) => connect({ path: short }));
    } catch (error) {
      if (errnoOf(error) === "ENOENT") resolve("released");
      else reject(error);
      return;
    }
    let outcome: Fate | "busy" | { readonly error: unknown } = "released";
    const hangUp = (): void => {
      outcome = { error: signal?.reason };
      socket.destroy();
    };
    signal?.addEventListener("abort", hangUp, { once: true });
    socket.on("connect", () => onConnect(socket));
    socket.on("error", (error) => (outcome = outcomeOf(error)));
    // Nothing is ever said back, but the end of a stream is only seen by who reads it.
    socket.resume();
    socket.on("close", () => {
      signal?.removeEventListener("abort", hangUp);
      if (typeof outcome === "string") resolve(outcome);
      else reject(outcome.error);
    });
  });
}

function outcomeOf(error: unknown): Fate | "busy" | { readonly error: unknown } {
  switch (errnoOf(error)) {
    case "ECONNREFUSED":
      return "dead";
    case "ENOENT":
    // It died, or hung up, while we were connected: whoever asks looks again.
    case "ECONNRESET":
    case "EPIPE":
      return "released";
    case "EAGAIN":
      return "busy";
    default:
      return { error };
  }
}
