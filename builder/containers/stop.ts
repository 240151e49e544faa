import { constants } from "node:os";
import { TsbuildError } from "../core/errors.ts";
import type { Store } from "../store/types.ts";
import { findContainer, openContainer } from "./containers.ts";
import { letGoOn } from "./let-go-on.ts";
import { Supervisor } from "./supervisor.ts";
import type { Container, StopOptions } from "../api/container-types.ts";

const { SIGKILL } = constants.signals;
/** How long the kernel may take to end what was killed (ms): processes may hang in a system call. */
const KILL_PATIENCE = 30_000;

/** Asks a container to end, and kills it where it does not; one that does not run is stopped already, as docker has it. */
export async function stopContainer(
  store: Store,
  reference: string,
  options: StopOptions = {},
): Promise<void> {
  const container = await findContainer(store, reference);
  using line = await Supervisor.call(container.directory);
  if (line === undefined) return;
  const { stopSignal, stopTimeout } = container.record;
  const { seconds: patience = stopTimeout, signal = stopSignal } = options;
  endForGood(container, line);
  await send(container, line, signal);
  await letGoOn(container);
  const ended = await within(line.ended, patience < 0 ? undefined : patience * 1000);
  if (ended) return;
  await endByForce(container, line);
}

/** Kills whatever runs in a container and waits for its end. */
export async function killAndWait(container: Container): Promise<void> {
  using line = await Supervisor.call(container.directory);
  if (line !== undefined) await endByForce(container, line);
}

/** Sends a signal to a container that runs. */
export async function killContainer(store: Store, reference: string, signal: number): Promise<void> {
  const container = await findContainer(store, reference);
  using line = isAtWork(container) ? await Supervisor.call(container.directory) : undefined;
  if (line === undefined) throw notRunning("kill", container);
  if (signal === container.record.stopSignal) endForGood(container, line);
  await send(container, line, signal);
  await letGoOn(container);
  if (signal === SIGKILL) await within(line.ended, KILL_PATIENCE);
}

/** The exit code of a container, when it has ended. */
export async function waitContainer(store: Store, reference: string): Promise<number> {
  const container = await findContainer(store, reference);
  using line = await Supervisor.call(container.directory);
  const code = await line?.ended;
  if (code !== undefined) return code;
  // It was over, or its supervisor died.
  const now = await openContainer(store, container.record.id);
  if (now?.state.status === "exited") return now.state.ending.code;
  // Never started; or killed with its supervisor, and removed by somebody who saw that first.
  return line === undefined ? 0 : 128 + SIGKILL;
}

/** What runs, or is run again in a moment. */
export function isAtWork({ state }: Pick<Container, "state">): boolean {
  return state.status === "running" || state.status === "restarting";
}

export function notRunning(verb: string, { record, state }: Container, instead?: string): TsbuildError {
  const name = nameOf(record);
  const isResting = state.status === "restarting";
  return new TsbuildError(
    "CONTAINER_STATE",
    `Cannot ${verb} container ${name}: it ${isResting ? "is restarting" : "does not run"}`,
    {
      hint: isResting
        ? `try again when it runs, or end it: tsbuild stop ${name}`
        : (instead ?? 'see "tsbuild ps -a"'),
    },
  );
}

/** What messages call a container. */
export function nameOf({ name, id }: Container["record"]): string {
  return name === "" ? id.slice(0, 12) : name;
}

/** One that is run again by itself would be. */
function endForGood({ record }: Container, line: Supervisor): void {
  if (record.restart !== undefined) line.endForGood();
}

/** One that ended meanwhile takes any signal. */
async function send({ record }: Container, line: Supervisor, signal: number): Promise<void> {
  const errno = await line.signal(signal);
  if (errno === 0 || errno === constants.errno.ESRCH) return;
  if (errno === constants.errno.EINVAL)
    throw new TsbuildError("USAGE", `Cannot use signal ${signal}: the kernel has no such signal`);
  const verb = `Cannot send signal ${signal} to container ${nameOf(record)}`;
  if (errno !== constants.errno.ETIMEDOUT)
    throw new TsbuildError("SANDBOX", `${verb}: the kernel refused it (errno ${errno})`);
  throw new TsbuildError("SANDBOX", `${verb}: its supervisor does not answer`, {
    hint: "whoever ran it in the foreground takes none of its output: end that command, and it ends too",
  });
}

async function endByForce(container: Container, line: Supervisor): Promise<void> {
  const { record } = container;
  await send(container, line, SIGKILL);
  await letGoOn(container);
  if (await within(line.ended, KILL_PATIENCE)) return;
  throw new TsbuildError(
    "SANDBOX",
    `Cannot stop container ${nameOf(record)}: it was killed and does not end`,
    {
      hint: "a process of it hangs in the kernel, often on a disk or network that does not answer",
    },
  );
}

/** Whether something came in time. */
async function within(work: Promise<unknown>, milliseconds: number | undefined): Promise<boolean> {
  if (milliseconds === undefined) return work.then(() => true);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), Math.min(milliseconds, 2 ** 31 - 1));
  });
  try {
    return await Promise.race([work.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}
