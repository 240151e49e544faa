import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { resolveRunUser, type RunUser } from "../core/accounts.ts";
import type { Image } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import { readAccountFile } from "../ops/accounts.ts";
import { snapshotsOf } from "../layers/snapshots.ts";
import { bootId, newSessionName, processStart } from "../store/session.ts";
import type { RunOptions } from "../api/run-options.ts";
import { containerPlan, type ContainerRoot } from "../../runtime/container/plan.ts";
import { makeVolumes } from "../../runtime/container/mounts.ts";
import { capabilitiesOf } from "../../runtime/container/privileges.ts";
import { foreignMounts } from "../../runtime/emulation/foreign.ts";
import type { RunPlan, StartedContainer } from "../../runtime/types.ts";
import { configOf } from "./config.ts";
import {
  createContainer,
  discardContainer,
  listContainers,
  prepareNaming,
  updateContainer,
} from "./containers.ts";
import { statusOf } from "./exit-status.ts";
import { checkedName } from "./names.ts";
import { filterOf, openSandbox, portText, type OpenSandbox } from "./sandbox.ts";
import { stopSignalOf } from "./signals.ts";
import { sweepContainers } from "./sweep.ts";
import type { Container, ContainerRecord } from "../api/container-types.ts";
import type { ContainerServices } from "./types.ts";

/** Seconds that docker gives a container to stop. */
const STOP_TIMEOUT = 10;

/**
 * Runs an image's command, or the user's, in a container. Resolves with its exit status, as docker reports it; with 0 as
 * soon as it runs where it is detached.
 */
export async function runContainer(
  services: ContainerServices,
  image: Image,
  rootfs: RootFs,
  options: RunOptions,
): Promise<number> {
  const id = randomBytes(32).toString("hex");
  const name = options.name === undefined ? undefined : checkedName(options.name);
  const directory = join(services.store.root, "containers", id);
  const opening = openSandbox(services, options, image.config.config);
  // Should the plan fail first, nobody waits for it any more.
  opening.catch(() => {});
  const [lowers, user, helper] = await Promise.all([
    snapshotsOf(rootfs),
    userOf(services, rootfs, options.user ?? image.config.config.User ?? ""),
    services.helper(),
    prepareNaming(services.store),
  ]);
  const emulation = foreignMounts(image.config.platform, (label) => services.store.tempPath(label));
  const bare = await planOf(image, { lowers, user, directory, emulation }, options);
  await using sandbox = await opening;
  const plan = sandbox.around(bare);
  // One that should be gone keeps no name from others.
  if (name !== undefined) await sweepContainers(services, await listContainers(services.store));
  const container = await createContainer(services.store, name, (unique) => ({
    id,
    name: unique,
    ...recordOf(image, options, plan, user, sandbox),
    snapshots: lowers.map((path) => basename(path)),
  }));
  const discard = (): Promise<boolean> =>
    discardContainer(services.store, container, (directories) => helper.remove(directories));
  let started = false;
  const onStart = (running: StartedContainer): void => {
    started = true;
    noteStart(services, container, running);
  };
  try {
    makeVolumes(plan.mounts);
    if (plan.seccomp !== undefined) writeFileSync(join(directory, "seccomp"), plan.seccomp);
    options.onCreated?.(id);
    const placed = {
      ...plan,
      state: directory,
      removeState: options.remove,
      stdinOpen: options.interactive,
    };
    if (options.detach) {
      const outcome = await helper.runDetached(placed, onStart);
      if ("pid" in outcome) sandbox.leave();
      return "pid" in outcome ? 0 : statusOf(outcome, plan.argv[0] ?? "");
    }
    const { io } = options;
    const exit = await helper.run(
      placed,
      {
        onOutput: (stream, data) => (stream === "stdout" ? io.stdout(data) : io.stderr(data)),
        ...(options.interactive && io.stdin !== undefined ? { stdin: io.stdin } : {}),
        onStart(control) {
          onStart(control);
          io.onStart(control);
        },
      },
      options.signal,
    );
    return statusOf(exit, plan.argv[0] ?? "");
  } catch (error) {
    // One that never ran is of no use to anybody.
    if (!started && !options.remove) await discard();
    throw error;
  } finally {
    if (options.remove && !(options.detach && started)) await discard();
  }
}

async function userOf({ trees }: ContainerServices, rootfs: RootFs, text: string): Promise<RunUser> {
  const tree = await trees.of(rootfs);
  return trees.withTars(() => resolveRunUser(text, (path) => readAccountFile(tree, path)));
}

async function planOf(
  image: Image,
  root: Omit<ContainerRoot, "capabilities" | "seccomp">,
  options: RunOptions,
): Promise<RunPlan> {
  const capabilities = capabilitiesOf(options.capAdd, options.capDrop);
  return containerPlan(
    image.config.config,
    {
      command: options.command,
      entrypoint: options.entrypoint,
      env: options.env,
      volumes: options.volumes,
      mounts: options.sandbox.mounts,
      workdir: options.workdir,
      hostname: options.hostname ?? basename(root.directory).slice(0, 12),
      shmSize: options.sandbox.settings.shmSize,
      init: options.init,
      readonly: options.readonly,
      tty: options.tty,
      columns: options.io.columns,
      rows: options.io.rows,
    },
    { ...root, capabilities, seccomp: await filterOf(options.sandbox, capabilities) },
  );
}

function recordOf(
  image: Image,
  options: RunOptions,
  plan: RunPlan,
  user: RunUser,
  { network, ports }: OpenSandbox,
): Omit<ContainerRecord, "id" | "name" | "snapshots"> {
  const config = configOf(image.config.config, options);
  const { cwd, uid, gid, groups, capabilities, noNewPrivileges, limits = [], cgroups = [] } = plan;
  return {
    image: options.image,
    imageId: image.config.digest,
    manifest: image.manifest.digest,
    layers: image.config.diffIds,
    created: new Date().toISOString(),
    argv: plan.argv,
    config,
    hostname: plan.hostname,
    tty: options.tty,
    stdin: options.interactive,
    remove: options.remove,
    stopSignal: stopSignalOf(config.StopSignal),
    stopTimeout: options.stopTimeout ?? STOP_TIMEOUT,
    network,
    ports: ports.map(portText),
    volumes: options.volumes,
    mounts: plan.mounts.map(({ target }) => target),
    session: newSessionName(),
    process: { home: user.home, cwd, uid, gid, groups, capabilities, noNewPrivileges, limits, cgroups },
  };
}

/** Before anybody hears that it runs. */
function noteStart({ store }: ContainerServices, container: Container, running: StartedContainer): void {
  const { pid, supervisor } = running;
  const start = processStart(pid) ?? 0;
  const started = { pid, start, supervisor, time: new Date().toISOString(), boot: bootId() };
  updateContainer(store, container, { ...container.record, started });
}
