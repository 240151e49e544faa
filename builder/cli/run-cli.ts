import { statSync } from "node:fs";
import { constants } from "node:os";
import { exitStatusOf, TsbuildError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { COMMANDS, findCommand, type CatalogEntry } from "./catalog.ts";
import { ofDocker } from "./docker-words.ts";
import { usageError } from "./flags.ts";
import type { Io, OpenTsbuild, Session } from "./types.ts";

/** Own failures of `tsbuild run`, which passes on every other status: docker's number for it. */
const RUN_FAILURE = 125;
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * One run of the command line, from the arguments to the exit status. The only place that catches: every failure is
 * printed here and becomes a status here.
 */
export async function runCli(argv: readonly string[], io: Io, open: OpenTsbuild): Promise<number> {
  let controller: AbortController | undefined;
  // A check waits for nothing that could be stopped, and saves the quarter of a millisecond that it takes.
  const stop = (): AbortController => (controller ??= new AbortController());
  const signals = listenForStop(io, stop, () => restoreAll(session));
  const session: Session = {
    io,
    open,
    get signal() {
      return stop().signal;
    },
    restore: new Set(),
    takeSignals: signals.pause,
    debug: false,
    rawJson: false,
  };
  let running: CatalogEntry | undefined;
  try {
    if (argv[0] === "__complete") {
      const { answerShell } = await import("./completion/answer.ts");
      return await answerShell(argv.slice(1), session);
    }
    const route = await routeOf(argv, io);
    if (typeof route === "number") return route;
    running = route.entry;
    const command = await running.load();
    return await command.call(route.argv, session);
  } catch (error) {
    restoreAll(session);
    const stopped = signals.received();
    const { printError } = await import("./print-error.ts");
    if (stopped !== undefined) {
      await printError(session.debug ? error : session.signal.reason, session);
      return 128 + constants.signals[stopped];
    }
    await printError(error, session);
    if (running?.name === "run") return containerStatus(error) ?? RUN_FAILURE;
    return (running?.name === "exec" ? containerStatus(error) : undefined) ?? exitStatusOf(error);
  } finally {
    restoreAll(session);
  }
}

/** Which command is meant, and with which arguments; a number is the exit status of what is done already. */
async function routeOf(
  argv: readonly string[],
  io: Io,
): Promise<number | { readonly entry: CatalogEntry; readonly argv: readonly string[] }> {
  const [first, ...rest] = argv;
  if (
    first === undefined ||
    first === "--help" ||
    first === "-h" ||
    (first === "help" && rest.length === 0)
  ) {
    const { generalHelp } = await import("./help.ts");
    io.stdout.write(generalHelp(COMMANDS, io.stdout.columns));
    return 0;
  }
  if (first === "--version" || first === "-v") {
    const { version } = await import("../core/version.ts");
    io.stdout.write(`tsbuild ${version()}\n`);
    return 0;
  }
  if (first === "help") return { entry: named(rest[0] ?? ""), argv: ["--help"] };
  // docker has --debug before its commands too.
  if (first === "--debug" && findCommand(rest[0] ?? "") !== undefined) {
    return { entry: named(rest[0] ?? ""), argv: [first, ...rest.slice(1)] };
  }
  if (findCommand(first) === undefined && (first.startsWith("-") || looksLikeContext(first))) {
    return { entry: named("build"), argv };
  }
  return { entry: named(first), argv: rest };
}

function named(name: string): CatalogEntry {
  const entry = findCommand(name);
  if (entry !== undefined) return entry;
  const names = COMMANDS.map((entry) => entry.name);
  throw usageError(
    "help",
    `Cannot run "${name}": tsbuild has no such command`,
    ofDocker(name) ?? didYouMean(name, names) ?? 'see "tsbuild --help"',
  );
}

function looksLikeContext(word: string): boolean {
  if (word.startsWith(".") || word.includes("/")) return true;
  return statSync(word, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** docker's numbers: 126 and 127 where the command could not be started. */
function containerStatus(error: unknown): number | undefined {
  const code = error instanceof TsbuildError ? error.exitCode : undefined;
  return code === 126 || code === 127 ? code : undefined;
}

function restoreAll(session: Session): void {
  for (const restore of session.restore) restore();
  session.restore.clear();
}

/**
 * The first signal asks the work to stop and clean up; the second one ends the process at once. They are listened to until the
 * process is gone: one that comes between the last word and the exit must not take the place of the exit status.
 */
function listenForStop(
  io: Io,
  stop: () => AbortController,
  restore: () => void,
): { pause(): () => void; received(): NodeJS.Signals | undefined } {
  let received: NodeJS.Signals | undefined;
  let paused = false;
  for (const name of STOP_SIGNALS)
    io.onSignal(name, () => {
      if (paused) return;
      if (received === undefined) {
        received = name;
        stop().abort(new TsbuildError("INTERRUPTED", `Cannot finish: interrupted by ${name}`));
        return;
      }
      restore();
      io.exit(128 + constants.signals[name]);
    });
  const pause = (): (() => void) => {
    paused = true;
    return () => {
      paused = false;
    };
  };
  return { pause, received: () => received };
}
