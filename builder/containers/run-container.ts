import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { lazy } from "../core/lazy.ts";
import { nextTurn } from "../core/next-turn.ts";
import { randomHex } from "../core/random.ts";
import type { Emit } from "../core/events.ts";
import type { Image } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import { newSessionName } from "../store/session.ts";
import type { RunOptions } from "../api/run-options.ts";
import { capabilitiesOf } from "../../runtime/container/privileges.ts";
import type { RunPlan } from "../../runtime/types.ts";
import type { ContainerRecord, ContainerRequest } from "../api/container-types.ts";
import { configOf } from "./config.ts";
import { createContainer, discardContainer, listContainers, prepareNaming } from "./containers.ts";
import { launch } from "./launch.ts";
import { checkedName } from "./names.ts";
import { planContainer, rootOf, type ContainerRoot } from "./plan-container.ts";
import { writeRequest } from "./request.ts";
import { filterOf, openSandbox, portText, type OpenSandbox } from "./sandbox.ts";
import { stopSignalOf } from "./signals.ts";
import { sweepContainers } from "./sweep.ts";
import type { ContainerServices } from "./types.ts";

/** Seconds that docker gives a container to stop. */
const STOP_TIMEOUT = 10;

/** An image and its layers. */
export interface FoundImage {
  readonly image: Image;
  readonly rootfs: RootFs;
}

/**
 * Runs an image's command, or the user's, in a container; `find` looks for the image meanwhile. Resolves with its exit
 * status, as docker reports it; with 0 as soon as it runs where it is detached.
 */
export async function runContainer(
  services: ContainerServices,
  find: () => Promise<FoundImage>,
  options: RunOptions,
): Promise<number> {
  const id = randomHex(32);
  const name = options.name === undefined ? undefined : checkedName(options.name);
  const directory = join(services.store.root, "containers", id);
  using heard = untilDisposed(options.emit);
  const finding = lazy(find);
  const opening = openSandbox(
    services,
    { ...options, emit: heard.emit },
    async () => (await finding()).image.config.config,
  );
  // oxlint-disable-next-line no-unused-vars, no-underscore-dangle -- it is there to be disposed of.
  await using _whenOpen = disposedWhenOpen(opening);
  const { onCreated, io, signal, emit: _, ...request } = options;
  // Looking up an image keeps this thread busy: the network is to be connected meanwhile.
  await nextTurn();
  const { image, rootfs } = await finding();
  const [root, helper] = await Promise.all([
    rootOf(services, image, rootfs, request),
    services.helper(),
    prepareNaming(services.store),
  ]);
  const { columns, rows } = io;
  const seccomp = await filterOf(options.sandbox, capabilitiesOf(options.capAdd, options.capDrop));
  const bare = planContainer(services, image, root, { directory, seccomp }, { ...request, columns, rows });
  const sandbox = await opening;
  // One that should be gone keeps no name from others.
  if (name !== undefined) await sweepContainers(services, await listContainers(services.store));
  const made = await createContainer(services.store, name, (unique) => ({
    id,
    name: unique,
    ...recordOf(image, request, { ...bare, ...sandbox.held }, root, sandbox),
  }));
  let [started, left] = [false, false];
  try {
    if (seccomp !== undefined) writeFileSync(join(directory, "seccomp"), seccomp);
    writeRequest(directory, request);
    onCreated?.(id);
    const { detach, interactive } = options;
    const launched = await launch(
      services,
      made,
      { plan: bare, sandbox, detach, interactive, io, signal },
      () => (started = true),
    );
    left = launched.left;
    return launched.status;
  } finally {
    // One that never ran is of no use to anybody. What it wrote goes with the session, if not before.
    if (!left && (options.remove || !started))
      await discardContainer(services.store, made, async (directories) => {
        helper.remove(directories).catch(() => {});
      });
  }
}

function disposedWhenOpen(opening: Promise<AsyncDisposable>): AsyncDisposable {
  // Whoever waits for it hears of a failure.
  opening.catch(() => {});
  return {
    [Symbol.asyncDispose]: async () => (await opening.catch(() => undefined))?.[Symbol.asyncDispose](),
  };
}

function untilDisposed(emit: Emit): Disposable & { readonly emit: Emit } {
  let ended = false;
  return {
    emit: (event) => {
      if (!ended) emit(event);
    },
    [Symbol.dispose]: () => void (ended = true),
  };
}

function recordOf(
  image: Image,
  request: ContainerRequest,
  plan: RunPlan,
  { lowers, user }: ContainerRoot,
  { ports }: OpenSandbox,
): Omit<ContainerRecord, "id" | "name"> {
  const config = configOf(image.config.config, request);
  const { cwd, uid, gid, groups, capabilities, noNewPrivileges, limits = [], cgroups = [] } = plan;
  return {
    image: request.image,
    imageId: image.config.digest,
    manifest: image.manifest.digest,
    layers: image.config.diffIds,
    snapshots: lowers.map((path) => basename(path)),
    created: new Date().toISOString(),
    argv: plan.argv,
    config,
    hostname: plan.hostname,
    tty: request.tty,
    stdin: request.interactive,
    remove: request.remove,
    ...(request.restart && { restart: request.restart }),
    stopSignal: stopSignalOf(config.StopSignal),
    stopTimeout: request.stopTimeout ?? STOP_TIMEOUT,
    network: request.sandbox.network,
    ports: ports.map(portText),
    volumes: request.volumes,
    mounts: plan.mounts.map(({ target }) => target),
    session: newSessionName(),
    process: { home: user.home, cwd, uid, gid, groups, capabilities, noNewPrivileges, limits, cgroups },
  };
}
