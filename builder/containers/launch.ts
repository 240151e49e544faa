import { makeVolumes } from "../../runtime/container/mounts.ts";
import { NotConnected } from "../../runtime/network/connect.ts";
import type { RunPlan, StartedContainer } from "../../runtime/types.ts";
import type { Container } from "../api/container-types.ts";
import type { ContainerIo, RestartPolicy } from "../api/run-options.ts";
import { bootId, processStart } from "../store/session.ts";
import { updateContainer } from "./containers.ts";
import { statusOf } from "./exit-status.ts";
import type { OpenSandbox } from "./sandbox.ts";
import type { ContainerServices } from "./types.ts";

export interface Launch {
  /** What surrounds it is not in it yet. */
  readonly plan: RunPlan;
  readonly sandbox: OpenSandbox;
  /** It goes on by itself. */
  readonly detach: boolean;
  readonly interactive: boolean;
  readonly io: ContainerIo;
  readonly signal: AbortSignal;
}

/** How a launch came out: `left` to run on by itself, or over with a status. */
export interface Launched {
  readonly left: boolean;
  readonly status: number;
}

/** Runs a container that has been made. `onStarted` is called once others can see that it runs. */
export async function launch(
  services: ContainerServices,
  container: Container,
  launched: Launch,
  onStarted: () => void,
): Promise<Launched> {
  for (;;) {
    const { plan, network } = await launched.sandbox.around(launched.plan);
    const mounts = plan.mounts.map(({ target }) => target);
    const around = { ...container, record: { ...container.record, network, mounts } };
    try {
      return await launchOnce(services, around, { ...launched, plan }, onStarted);
    } catch (error) {
      // Nothing of it has run: there is another network now.
      if (!(error instanceof NotConnected)) throw error;
    }
  }
}

async function launchOnce(
  services: ContainerServices,
  container: Container,
  { plan: bare, sandbox, detach, interactive, io, signal }: Launch,
  onStarted: () => void,
): Promise<Launched> {
  const { record, directory } = container;
  const helper = await services.helper();
  const isPlain = (await services.form()) === "none";
  const rooted = isPlain
    ? await (await import("./by-chroot.ts")).planByChroot(services, container, bare)
    : bare;
  const plan = {
    ...rooted,
    state: directory,
    removeState: record.remove,
    stdinOpen: interactive,
    restart: restartOf(record.restart),
  };
  const [command = ""] = plan.argv;
  const started = (running: StartedContainer): void => {
    noteStart(services, container, running);
    onStarted();
  };
  makeVolumes(plan.mounts);
  if (detach) {
    const outcome = await helper.runDetached(plan, started);
    if (!("pid" in outcome)) return { left: false, status: statusOf(outcome, command) };
    sandbox.leave();
    return { left: true, status: 0 };
  }
  const exit = await helper.run(
    plan,
    {
      onOutput: (stream, data) => (stream === "stdout" ? io.stdout(data) : io.stderr(data)),
      ...(interactive && io.stdin !== undefined ? { stdin: io.stdin } : {}),
      onStart(control) {
        started(control);
        io.onStart(control);
      },
    },
    signal,
  );
  if (exit.left) sandbox.leave();
  return { left: exit.left === true, status: statusOf(exit, command) };
}

/** Nothing starts containers with the machine: "unless-stopped" is "always". */
function restartOf(policy: RestartPolicy | undefined): RunPlan["restart"] {
  return policy && { when: policy.name === "on-failure" ? policy.name : "always", most: policy.most };
}

/** Before anybody hears that it runs. */
function noteStart({ store }: ContainerServices, container: Container, running: StartedContainer): void {
  const { pid, supervisor } = running;
  const start = processStart(pid) ?? 0;
  const started = { pid, start, supervisor, time: new Date().toISOString(), boot: bootId() };
  updateContainer(store, container, { ...container.record, started });
}
