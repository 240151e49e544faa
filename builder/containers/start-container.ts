import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TsbuildError } from "../core/errors.ts";
import { newSessionName } from "../store/session.ts";
import type { ContainerRecord, StartOptions } from "../api/container-types.ts";
import { findContainer, openContainer, updateContainer } from "./containers.ts";
import { launch } from "./launch.ts";
import { loadContainer } from "./load-container.ts";
import { planContainer } from "./plan-container.ts";
import { openSandbox, portText } from "./sandbox.ts";
import { mendLog } from "./log-file.ts";
import { isAtWork, nameOf } from "./stop.ts";
import { Supervisor } from "./supervisor.ts";
import type { ContainerServices } from "./types.ts";

/**
 * Runs a container that ended once more, with all that it wrote, as it was asked for when it was made. Resolves with its
 * exit status where it is attached; one that runs is left alone, as docker has it.
 */
export async function startContainer(
  services: ContainerServices,
  reference: string,
  { attach, io, signal, emit }: StartOptions,
): Promise<number> {
  const { store } = services;
  const { record: found } = await findContainer(store, reference);
  const lock = await store.locks.acquire(`start ${found.id}`, { signal });
  let locked = true;
  const unlock = (): void => {
    // Once: another process may have the same ticket by then.
    if (locked) lock[Symbol.dispose]();
    locked = false;
  };
  try {
    const container = await openContainer(store, found.id);
    if (container?.state.status === "running" && container.state.paused === true) {
      throw new TsbuildError("CONTAINER_STATE", `Cannot start container ${nameOf(found)}: it is paused`, {
        hint: `tsbuild unpause ${nameOf(found)}`,
      });
    }
    if (container === undefined || isAtWork(container)) return 0;
    const { record, state, directory } = container;
    using line = await Supervisor.call(directory);
    // Whoever makes it starts it at this moment.
    if (line !== undefined && state.status === "created") return 0;
    // Its last supervisor may still be tidying up.
    await line?.ended;
    const { image, request, root } = await loadContainer(services, container);
    const filter = join(directory, "seccomp");
    const seccomp = existsSync(filter) ? readFileSync(filter) : undefined;
    const { columns, rows } = attach ? io : {};
    const bare = planContainer(services, image, root, { directory, seccomp }, { ...request, columns, rows });
    await using sandbox = await openSandbox(
      services,
      { sandbox: request.sandbox, signal, emit },
      async () => image.config.config,
    );
    const { limits = [], cgroups = [] } = sandbox.held;
    const { started: _, process, ...rest } = record;
    const again: ContainerRecord = {
      ...rest,
      session: newSessionName(),
      ports: sandbox.ports.map(portText),
      ...(process && { process: { ...process, limits, cgroups } }),
    };
    updateContainer(store, container, again);
    for (const name of ["exit", "paused", "restarts"]) rmSync(join(directory, name), { force: true });
    mendLog(directory);
    const started = { ...container, record: again };
    const interactive = request.interactive;
    const { status } = await launch(
      services,
      started,
      { plan: bare, sandbox, detach: !attach, interactive, io, signal },
      unlock,
    );
    return status;
  } finally {
    unlock();
  }
}
