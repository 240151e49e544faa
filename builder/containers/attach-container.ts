import { TsbuildError } from "../core/errors.ts";
import type { AttachOptions } from "../api/container-types.ts";
import type { Store } from "../store/types.ts";
import { findContainer } from "./containers.ts";
import { followLog } from "./logs.ts";
import { nameOf, notRunning, waitContainer } from "./stop.ts";
import { feedContainer, Supervisor } from "./supervisor.ts";

/**
 * Shows what a container says from now on, out of its log: whoever looks on slowly holds up nobody. What is typed is
 * passed on to it. Resolves with its exit code, or with 0 when it is left; rejects when it is aborted. The container
 * notices neither.
 */
export async function attachContainer(
  store: Store,
  reference: string,
  { io, signal }: AttachOptions,
): Promise<number> {
  const container = await findContainer(store, reference);
  const { record, state, directory } = container;
  if (state.status === "running" && state.paused === true) {
    throw new TsbuildError("CONTAINER_STATE", `Cannot attach to container ${nameOf(record)}: it is paused`, {
      hint: `tsbuild unpause ${nameOf(record)}`,
    });
  }
  using line = state.status === "running" ? await Supervisor.call(directory) : undefined;
  if (line === undefined)
    throw notRunning("attach to", container, `tsbuild start -a ${nameOf(record)} runs it and stays with it`);
  const { stdin, columns, rows } = io;
  const left = new AbortController();
  const over = AbortSignal.any([signal, left.signal]);
  const begin = (): void => {
    io.onStart({
      // One that ended meanwhile needs no signal.
      signal: (number) => void line.signal(number).catch(() => {}),
      resize: (width, height) => line.resize(width, height),
      leave: () => left.abort(),
    });
    if (record.tty && columns !== undefined && rows !== undefined) {
      // Programs draw their screen anew when its size changes: whoever comes sees it (docker's trick).
      line.resize(columns + 1, rows + 1);
      line.resize(columns, rows);
    }
    // A terminal that is gone types nothing more, which is no reason not to show what comes.
    if (record.stdin && stdin !== undefined) feedContainer(directory, stdin, record.tty).catch(() => {});
  };
  await followLog(
    directory,
    { ended: line.ended, signal: over },
    (past) => {
      for (const piece of past) void piece;
      begin();
    },
    ({ stream, data }) => (stream === "stdout" ? io.stdout(data) : io.stderr(data)),
  );
  signal.throwIfAborted();
  if (left.signal.aborted) return 0;
  return (await line.ended) ?? waitContainer(store, record.id);
}
