import { constants } from "node:os";
import type { ContainerControl, ContainerIo } from "../api/run-options.ts";
import { untilDetached } from "./detach-keys.ts";
import type { Io, Session } from "./types.ts";

/** Without a terminal of its own the container gets what tsbuild gets: docker's --sig-proxy. */
const FORWARDED = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2"] as const;

export interface Lending {
  readonly interactive: boolean;
  readonly tty: boolean;
  /** Signals are passed on to it, where nothing else is said. */
  readonly signals?: boolean;
  /** Keys that leave it, where it has a terminal. */
  readonly detachKeys?: Uint8Array;
  /** Called when the container runs: the screen is its own from then on. */
  onStart?(): void;
}

/**
 * Lends the terminal to a container: output, input where it is asked for, signals and, with a terminal, its size and
 * every key. All of it is undone by the session's restore, however the command ends.
 */
export function lendTerminal(session: Session, lending: Lending): ContainerIo {
  const { io } = session;
  const { detachKeys, signals = true } = lending;
  let running: ContainerControl | undefined;
  const typed = (): AsyncIterable<Uint8Array> =>
    lending.tty && detachKeys !== undefined
      ? untilDetached(io.stdin.read(), detachKeys, () => running?.leave())
      : io.stdin.read();
  return {
    stdout: (data) => io.stdout.write(data),
    stderr: (data) => io.stderr.write(data),
    ...(lending.interactive ? { stdin: typed() } : {}),
    ...(lending.tty ? { columns: io.stdout.columns, rows: io.stdout.rows } : {}),
    onStart(control) {
      lending.onStart?.();
      running = control;
      // A terminal that sends every key needs no signals from us: Ctrl-C is a byte, and its own line makes SIGINT of it.
      if (signals) {
        session.restore.add(session.takeSignals());
        for (const name of FORWARDED)
          session.restore.add(io.onSignal(name, () => control.signal(constants.signals[name])));
      }
      if (!lending.tty) return;
      session.restore.add(io.stdout.onResize(() => control.resize(io.stdout.columns, io.stdout.rows)));
      if (lending.interactive && io.stdin.isTTY) makeRaw(session, io);
    },
  };
}

function makeRaw(session: Session, io: Io): void {
  io.stdin.setRawMode(true);
  session.restore.add(() => io.stdin.setRawMode(false));
}
