import { watch } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import type { LogOptions } from "../api/container-types.ts";
import type { Store } from "../store/types.ts";
import { findContainer } from "./containers.ts";
import { LogFile, type LogPiece } from "./log-file.ts";
import { LogTail } from "./log-tail.ts";
import { Supervisor } from "./supervisor.ts";

/** How often a log is looked at where the kernel has no more watches to give (ms). */
const POLL_MS = 200;
/** As far as Node's timers reach (ms). */
const MOST_DELAY = 2 ** 31 - 1;

/** Tells what a container said; with `follow`, what it says until it ends. */
export async function showLogs(store: Store, reference: string, options: LogOptions): Promise<void> {
  const { directory } = await findContainer(store, reference);
  const { follow, tail, until, signal } = options;
  const show = (piece: LogPiece): void => {
    if (isWanted(piece, options)) options.onOutput(piece.stream, piece.data, piece.time);
  };
  const showPast = (pieces: Iterable<LogPiece>): void => {
    const last = tail === undefined ? undefined : new LogTail(tail);
    for (const piece of pieces)
      if (last === undefined) show(piece);
      else if (isWanted(piece, options)) last.add(piece);
    for (const piece of last?.pieces() ?? []) show(piece);
  };
  // Before the log is read: what ends it then comes after all that was said.
  using line = follow ? await Supervisor.call(directory) : undefined;
  if (line !== undefined) {
    const ended = until === undefined ? line.ended : Promise.race([line.ended, comes(until)]);
    await followLog(directory, { ended, signal }, showPast, show);
    return;
  }
  using log = new LogFile(directory);
  showPast(log.pieces());
}

/** Tells what comes to the log of a container until that has ended, or nobody wants it; `past` is told what is there. */
export async function followLog(
  directory: string,
  until: { readonly ended: Promise<unknown>; readonly signal: AbortSignal },
  past: (pieces: Iterable<LogPiece>) => void,
  show: (piece: LogPiece) => void,
): Promise<void> {
  using changes = new Changes(directory);
  using log = new LogFile(directory);
  past(log.pieces());
  let over = false;
  const { signal } = until;
  const ended = until.ended.then(() => void (over = true));
  const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  while (!signal.aborted) {
    await Promise.race([changes.next(), ended, aborted]);
    const last = over;
    for (const piece of log.pieces()) show(piece);
    if (last) return;
  }
}

function isWanted({ time }: LogPiece, { since, until }: LogOptions): boolean {
  const milliseconds = Number(time) / 1e6;
  return (since === undefined || milliseconds >= since) && (until === undefined || milliseconds <= until);
}

/** Resolves at a time, in milliseconds since 1970; it keeps nobody from ending before. */
function comes(time: number): Promise<void> {
  return delay(Math.min(Math.max(0, time - Date.now()), MOST_DELAY), undefined, { ref: false });
}

/** Says when something in a directory changes. */
class Changes implements Disposable {
  #changed = false;
  #wake: (() => void) | undefined;
  readonly #stop: () => void;

  constructor(directory: string) {
    const changed = (): void => {
      this.#changed = true;
      this.#wake?.();
    };
    const poll = (): (() => void) => {
      const timer = setInterval(changed, POLL_MS);
      return () => clearInterval(timer);
    };
    try {
      const watcher = watch(directory, changed);
      let stop = (): void => watcher.close();
      watcher.on("error", () => {
        watcher.close();
        stop = poll();
      });
      this.#stop = () => stop();
    } catch {
      this.#stop = poll();
    }
  }

  /** Resolves when something changed since the last time. */
  async next(): Promise<void> {
    if (!this.#changed) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#changed = false;
  }

  [Symbol.dispose](): void {
    this.#stop();
  }
}
