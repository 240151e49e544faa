import { TsbuildError } from "../core/errors.ts";
import type { Store } from "../store/types.ts";
import { freeze } from "../../runtime/limits/freezer.ts";
import { findContainer } from "./containers.ts";
import { letGoOn } from "./let-go-on.ts";
import { isPaused, pausedFile } from "./paused.ts";
import { processesOf } from "./processes.ts";
import { nameOf, notRunning } from "./stop.ts";

/** Stops all processes of a container where they are. */
export async function pauseContainer(store: Store, reference: string): Promise<void> {
  const container = await findContainer(store, reference);
  const { record, state, directory } = container;
  using lock = await store.locks.acquire(`pause ${record.id}`);
  void lock;
  if (state.status !== "running") throw notRunning("pause", container);
  if (isPaused(directory)) {
    throw new TsbuildError("CONTAINER_STATE", `Cannot pause container ${nameOf(record)}: it is paused`);
  }
  const { started } = state;
  const group = await freeze(record.process?.cgroups ?? [], `tsbuild-paused-${record.id}`, () =>
    processesOf(started).map(({ pid }) => pid),
  );
  if (group === undefined) {
    throw new TsbuildError(
      "SANDBOX",
      `Cannot pause container ${nameOf(record)}: no control group that stops processes may be made here`,
      {
        hint: `tsbuild kill -s STOP ${nameOf(record)} stops its first process, and kill -s CONT lets that go on`,
      },
    );
  }
  store.writeFile(pausedFile(directory), `${JSON.stringify(group)}\n`);
}

/** Lets the processes of a container go on. */
export async function unpauseContainer(store: Store, reference: string): Promise<void> {
  const { record, directory } = await findContainer(store, reference);
  using lock = await store.locks.acquire(`pause ${record.id}`);
  void lock;
  if (await letGoOn({ directory })) return;
  throw new TsbuildError("CONTAINER_STATE", `Cannot unpause container ${nameOf(record)}: it is not paused`);
}
