import { existsSync } from "node:fs";
import { TsbuildError } from "../core/errors.ts";
import { processStart } from "../store/session.ts";
import type { Container } from "../api/container-types.ts";
import { makeVolumes } from "../../runtime/container/mounts.ts";
import type { Helper, RunPlan, TransferPlace } from "../../runtime/types.ts";
import { findContainer, openContainer } from "./containers.ts";
import { helperBeside } from "./helper-beside.ts";
import { loadContainer } from "./load-container.ts";
import { treeOf } from "./plain-container.ts";
import { planContainer } from "./plan-container.ts";
import { isSupervised } from "./supervisor.ts";
import { nameOf } from "./stop.ts";
import type { ContainerServices } from "./types.ts";

/** A container's root filesystem with its volumes, for files to be copied in and out, until it is disposed of. */
export interface OpenRoot extends AsyncDisposable {
  readonly root: TransferPlace["root"];
  readonly helper: Helper;
}

/** As a container that runs sees it; one that does not cannot be started meanwhile. */
export async function openRoot(services: ContainerServices, reference: string): Promise<OpenRoot> {
  const { store } = services;
  const found = await findContainer(store, reference);
  if (existsSync(treeOf(found.directory))) {
    const root = { kind: "directory", path: treeOf(found.directory) } as const;
    return {
      root,
      helper: await services.helper(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  if (found.state.status === "running") return besideRunning(services, found);
  const lock = await store.locks.acquire(`start ${found.record.id}`);
  let held: OpenRoot | undefined;
  try {
    const container = await openContainer(store, found.record.id);
    if (container === undefined) throw gone(found, "gone");
    // Whoever starts or ends it is at it.
    if (await isSupervised(container.directory)) throw gone(found, "starting or ending at this moment");
    const root = (held = await holdRoot(services, container));
    return {
      ...root,
      async [Symbol.asyncDispose]() {
        await root[Symbol.asyncDispose]();
        lock[Symbol.dispose]();
      },
    };
  } finally {
    if (held === undefined) lock[Symbol.dispose]();
  }
}

async function besideRunning(services: ContainerServices, { state }: Container): Promise<OpenRoot> {
  if (state.status !== "running")
    throw new TsbuildError("INTERNAL", "Cannot look into a container: it ended");
  const { pid, start } = state.started;
  const helper = await helperBeside(services, state.started);
  return {
    root: { kind: "container", pid, start },
    helper,
    [Symbol.asyncDispose]: () => helper[Symbol.asyncDispose](),
  };
}

/** Mounts it without running anything: a process of the helper's keeps it. */
async function holdRoot(services: ContainerServices, container: Container): Promise<OpenRoot> {
  const { image, request, root } = await loadContainer(services, container);
  const { directory } = container;
  const whole = planContainer(services, image, root, { directory, seccomp: undefined }, request);
  const plan: RunPlan = {
    ...whole,
    // What was mounted for its processes alone is not part of it.
    mounts: whole.mounts.filter(({ type }) => type === "bind" || type === "layers"),
    cwd: "/",
    hold: true,
    network: "host",
    stdio: "pipes",
    init: false,
  };
  const helper = await services.helper();
  const stop = new AbortController();
  makeVolumes(plan.mounts);
  let over: Promise<unknown> = Promise.resolve();
  const pid = await new Promise<number>((resolve, reject) => {
    over = helper.run(
      plan,
      { onOutput: () => undefined, onStart: (control) => resolve(control.pid) },
      stop.signal,
    );
    over.catch(reject);
  });
  return {
    root: { kind: "container", pid, start: processStart(pid) ?? 0 },
    helper,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await over.catch(() => {});
    },
  };
}

function gone({ record }: Container, state: string): TsbuildError {
  return new TsbuildError(
    "CONTAINER_STATE",
    `Cannot copy files of container ${nameOf(record)}: it is ${state}`,
  );
}
