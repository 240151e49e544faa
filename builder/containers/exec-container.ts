import { readFileSync } from "node:fs";
import { resolveRunUser, type RunUser } from "../core/accounts.ts";
import { errnoOf, TsbuildError } from "../core/errors.ts";
import { readAccountFile } from "../ops/accounts.ts";
import { processEnvironment } from "../../runtime/plan/environment.ts";
import type { RunPlan } from "../../runtime/types.ts";
import type { Container, ExecOptions, ProcessSettings, Started } from "../api/container-types.ts";
import { readFileOf } from "./container-file.ts";
import { findContainer } from "./containers.ts";
import { statusOf } from "./exit-status.ts";
import { helperBeside } from "./helper-beside.ts";
import { requireOverlay } from "./plain-container.ts";
import { nameOf, notRunning } from "./stop.ts";
import type { ContainerServices } from "./types.ts";

/** Runs a further process in a container that runs; resolves with its exit code, with 0 at once where it is detached. */
export async function execInContainer(
  services: ContainerServices,
  reference: string,
  options: ExecOptions,
): Promise<number> {
  const container = await findContainer(services.store, reference);
  const { record, state } = container;
  if (state.status !== "running") throw notRunning("execute a command in", container);
  requireOverlay(container, "execute a command in");
  if (state.paused === true) {
    throw new TsbuildError(
      "CONTAINER_STATE",
      `Cannot execute a command in container ${nameOf(record)}: it is paused`,
      { hint: `tsbuild unpause ${nameOf(record)}` },
    );
  }
  if (record.process === undefined) {
    throw new TsbuildError(
      "STORE_INVALID",
      `Cannot execute a command in container ${nameOf(record)}: its record is damaged`,
    );
  }
  const user = options.user === undefined ? undefined : await userOf(services, container, options.user);
  const plan = planOf(container, record.process, state.started, user, options);
  const helper = await helperBeside(services, state.started);
  try {
    const [command = ""] = plan.argv;
    if (options.detach) {
      const outcome = await helper.runDetached(plan, () => {});
      return "pid" in outcome ? 0 : statusOf(outcome, command);
    }
    const { io, interactive, signal } = options;
    const exit = await helper.run(
      plan,
      {
        onOutput: (stream, data) => (stream === "stdout" ? io.stdout(data) : io.stderr(data)),
        ...(interactive && io.stdin !== undefined ? { stdin: io.stdin } : {}),
        onStart: (control) => io.onStart(control),
      },
      signal,
    );
    return statusOf(exit, command);
  } finally {
    await helper[Symbol.asyncDispose]();
  }
}

function planOf(
  { record, directory }: Container,
  settings: ProcessSettings,
  { pid, start }: Started,
  user: RunUser | undefined,
  options: ExecOptions,
): RunPlan {
  const { uid, gid, groups, home } = user ?? settings;
  const { capabilities, noNewPrivileges, limits, cgroups } = settings;
  const terminal = options.tty ? ["TERM=xterm"] : [];
  const { columns, rows } = options.io;
  return {
    root: { kind: "container", pid, start },
    mounts: [],
    argv: options.command,
    env: processEnvironment(
      [[`HOSTNAME=${record.hostname}`], terminal, record.config.Env ?? [], options.env],
      home,
    ),
    cwd: options.workdir ?? settings.cwd,
    uid,
    gid,
    groups,
    hostname: record.hostname,
    umask: 0o022,
    capabilities,
    noNewPrivileges,
    limits,
    cgroups,
    seccomp: filterOf(directory),
    readonlyRoot: false,
    network: "host",
    init: false,
    stdio: options.tty ? "terminal" : "pipes",
    stdinOpen: options.interactive,
    ...(columns === undefined ? {} : { columns }),
    ...(rows === undefined ? {} : { rows }),
  };
}

/** The container's own filter; none where it runs unconfined. */
function filterOf(directory: string): Buffer | undefined {
  try {
    return readFileSync(`${directory}/seccomp`);
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return undefined;
    throw error;
  }
}

/** By the container's own accounts, as they are now. */
async function userOf(services: ContainerServices, container: Container, text: string): Promise<RunUser> {
  const { layers, trees } = services;
  const rootfs = layers.openAll(container.record.layers);
  const tree = rootfs && (await trees.of(rootfs));
  return trees.withTars(() =>
    resolveRunUser(text, (path) =>
      readFileOf(container, path, () => (tree === undefined ? undefined : readAccountFile(tree, path))),
    ),
  );
}
