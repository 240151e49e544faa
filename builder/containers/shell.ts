import { existsSync } from "node:fs";
import type { ShellOptions } from "../api/shell-options.ts";
import { TsbuildError } from "../core/errors.ts";
import type { MountSpec, RunPlan } from "../../runtime/types.ts";
import { plainPlan } from "../../runtime/plan/plain.ts";
import { SandboxLimits } from "../../runtime/limits/sandbox-limits.ts";
import { defaultFilter } from "../../runtime/seccomp/default-filter.ts";
import { give } from "../ops/exec-mounts.ts";
import { openNetwork, withNetwork } from "../ops/exec-network.ts";
import type { FailedStep } from "../ops/failed-step.ts";
import { openFailed, type HeldStep } from "../session/failed-steps.ts";
import { BuildSecrets } from "../session/secrets.ts";
import type { Session } from "../session/session.ts";
import { statusOf } from "./exit-status.ts";

/** Shells by preference, tried in the root filesystem itself: what the step put there counts. */
const SHELL = ["/bin/sh", "-c", "if [ -x /bin/bash ]; then exec /bin/bash; else exec /bin/sh; fi"];

/** Runs a shell, or a command, as a step ran, the one that failed last or another of the last build; resolves with its exit status. */
export async function openShell(session: Session, options: ShellOptions): Promise<number> {
  using held = await open(session, options.step);
  const { step, directory } = held;
  if (step.lowers?.some((lower) => !existsSync(lower)))
    throw new TsbuildError("STORE_INVALID", "Cannot open a shell in the failed step: its base was removed", {
      hint: "build again",
    });
  const notice = (message: string): void => options.emit({ type: "notice", message });
  const hostGateway = step.hosts.some(({ address }) => address === "host-gateway");
  using network = await openNetwork(step.network, () => session.networks(hostGateway));
  using limits = new SandboxLimits({ limits: {}, ulimits: [], hosts: [] }, notice).open();
  const bare = await planOf(session, step, directory, options);
  const plan = { ...withNetwork(bare, network, step.hosts), cgroups: limits.cgroups, limits: limits.limits };
  const missing = step.given
    .filter(({ id, type }) => !isGiven(options, type, id))
    .map(({ type, id }) => `${type} ${id}`);
  if (step.lost.length > 0)
    notice(`without ${step.lost.join(", ")}: what was mounted there ended with the build`);
  if (missing.length > 0) notice(`without ${missing.join(", ")}: give it again with --secret or --ssh`);
  const helper = await session.helper();
  const { io } = options;
  const exit = await helper.run(
    step.lowers === undefined ? byChroot(plan) : plan,
    {
      onOutput: (stream, data) => (stream === "stdout" ? io.stdout(data) : io.stderr(data)),
      ...(options.interactive && io.stdin !== undefined ? { stdin: io.stdin } : {}),
      onStart: (control) => io.onStart(control),
      onWasted: (target) => notice(`what was written to ${target} is thrown away: that is a copy here`),
    },
    options.signal,
  );
  return statusOf(exit, plan.argv[0] ?? "");
}

async function open(session: Session, step: string | undefined): Promise<HeldStep> {
  if (step === undefined) return openFailed(session.store);
  return (await import("./open-step.ts")).openStep(session, step);
}

async function planOf(
  session: Session,
  step: FailedStep,
  directory: string,
  options: ShellOptions,
): Promise<RunPlan> {
  const secrets = new BuildSecrets(options.secrets, options.ssh, session.env);
  const services = {
    secret: (id: string) => secrets.value(id),
    sshSocket: (id: string) => secrets.sshSocket(id),
  };
  const given = { specs: [] as MountSpec[], env: [] as string[], secrets: [] as Buffer[] };
  for (const mount of step.given) give(services, mount, given);
  const { columns, rows } = options.io;
  return {
    ...step.plan,
    root: rootOf(step, directory),
    mounts: [...step.plan.mounts, ...given.specs],
    argv: options.command.length > 0 ? options.command : SHELL,
    env: [...(options.tty ? ["TERM=xterm"] : []), ...step.plan.env, ...given.env],
    ...(step.security === "sandbox" && { seccomp: await defaultFilter(step.plan.capabilities) }),
    noNewPrivileges: false,
    readonlyRoot: false,
    network: "none",
    init: true,
    stdio: options.tty ? "terminal" : "pipes",
    ...(columns !== undefined && { columns }),
    ...(rows !== undefined && { rows }),
  };
}

function rootOf({ lowers }: FailedStep, directory: string): RunPlan["root"] {
  if (lowers === undefined) return { kind: "plain", path: `${directory}/tree`, aside: `${directory}/aside` };
  return { kind: "overlay", lowers, upper: `${directory}/fs`, work: `${directory}/work` };
}

/** Caches are copies: a build that runs meanwhile needs them where they are. */
function byChroot(plan: RunPlan): RunPlan {
  const mounts = plan.mounts.map((mount): MountSpec =>
    mount.type === "bind" ? { ...mount, flags: { ...mount.flags, readonly: true } } : mount,
  );
  return plainPlan({ ...plan, mounts });
}

function isGiven({ secrets, ssh }: ShellOptions, type: "secret" | "ssh", id: string): boolean {
  return type === "ssh" ? id in ssh : secrets.some((secret) => secret.id === id);
}
