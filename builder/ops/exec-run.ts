import { resolveRunUser } from "../core/accounts.ts";
import type { Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { resolveInTree } from "../core/resolve.ts";
import type { ExecOp } from "../graph/types.ts";
import type { RootFs } from "../layers/types.ts";
import type { OpResult } from "../solver/types.ts";
import { foreignMounts } from "../../runtime/emulation/foreign.ts";
import { processEnvironment } from "../../runtime/plan/environment.ts";
import { baseMounts, kernelMasks, machineMounts } from "../../runtime/plan/mounts.ts";
import type { MountSpec, RunExit, RunIo, RunPlan } from "../../runtime/types.ts";
import { OutputTail } from "./output-tail.ts";
import { describeFailed } from "./failed-step.ts";
import { readAccountFile } from "./accounts.ts";
import { openMounts, type StepMounts } from "./exec-mounts.ts";
import { openNetwork, withNetwork } from "./exec-network.ts";
import { privilegesOf, withLimits } from "./exec-sandbox.ts";
import { baseOf } from "./inputs.ts";
import { SecretFilter } from "./secret-filter.ts";
import type { StepRoot } from "./step-roots.ts";
import type { Inputs, OpServices, Step } from "./types.ts";

/** What a step's process sees as the name of its machine. */
const HOSTNAME = "buildkitsandbox";
/** As much of a step as a sentence about it can bear. */
const LONGEST_NAME = 80;

/** Runs the process of a RUN; what it wrote is the layer. */
export async function runExec(
  services: OpServices,
  op: ExecOp,
  inputs: Inputs,
  step: Step,
): Promise<OpResult> {
  const base: RootFs = baseOf(op, inputs);
  using mounts = await openMounts(services, op, inputs, step);
  const opening = openNetwork(op.network, services.networks);
  // Should the plan fail first, nobody waits for it any more.
  opening.catch(() => {});
  const roots = await services.stepRoots();
  using root = await roots.open(base);
  const planned = await planRun(services, op, base, mounts, root);
  const limits = await services.limits();
  using held = limits.open();
  using network = await opening;
  const plan = roots.fit(withLimits(withNetwork(planned, network, services.sandbox.hosts), held));
  const helper = await services.helper();
  const tail = new OutputTail();
  const filters = { stdout: new SecretFilter(mounts.secrets), stderr: new SecretFilter(mounts.secrets) };
  const show = (stream: "stdout" | "stderr", data: Buffer): void => {
    if (data.length === 0) return;
    tail.add(data);
    step.emit({ type: "step-output", id: step.vertex.id, stream, data, time: Date.now() });
  };
  const io: RunIo = {
    onOutput: (stream, data) => show(stream, filters[stream].push(data)),
    onWasted: (target) => step.emit({ type: "notice", message: wasted(step, target) }),
    changes: root.changes,
  };
  const exit = await helper.run(plan, io, step.signal).catch(async (error: unknown) => {
    await root.abandon?.();
    throw error;
  });
  for (const stream of ["stdout", "stderr"] as const) show(stream, filters[stream].end());
  if (exit.code !== 0) {
    const kept = await keepOrDiscard(
      root,
      describeFailed(step.vertex.name, op, plan, mounts, services.sandbox.hosts),
    );
    throw runFailed(op, exit, step, tail, kept);
  }
  return { rootfs: [...base, await root.adopt()] } satisfies OpResult;
}

async function planRun(
  services: OpServices,
  op: ExecOp,
  base: RootFs,
  mounts: StepMounts,
  root: StepRoot,
): Promise<RunPlan> {
  const tree = await services.tree(base);
  const user = await services.withTars(() => resolveRunUser(op.user, (path) => readAccountFile(tree, path)));
  const hostname = op.hostname ?? HOSTNAME;
  return {
    root: root.spec,
    owners: root.owners,
    mounts: [
      ...baseMounts({
        shmSize: services.sandbox.shmSize,
        writable: op.security === "insecure",
      }),
      ...foreignMounts(op.platform, services.tempPath),
      ...scriptsOf(op),
      ...mounts.specs,
      ...(op.security === "insecure" ? machineMounts() : kernelMasks()),
    ],
    argv: op.argv,
    env: processEnvironment([op.proxyEnv, op.env, mounts.env], user.home),
    cwd: resolvedDirectory(tree, op.cwd),
    uid: user.uid,
    gid: user.gid,
    groups: user.groups,
    hostname,
    umask: 0o022,
    ...(await privilegesOf(op)),
    noNewPrivileges: false,
    readonlyRoot: false,
    network: "none",
    init: true,
    stdio: "pipes",
  };
}

/** A `cwd` that goes through symlinks is where they lead inside the root. */
function resolvedDirectory(tree: Tree, path: string): string {
  return `/${resolveInTree(tree, path, true).path}`;
}

/** `RUN <<EOF` with a `#!` line: a file that only this step sees (BuildKit dockerfile2llb/convert_runmount.go). */
function scriptsOf(op: ExecOp): MountSpec[] {
  return op.scripts.map(({ name, body }) => ({
    type: "file",
    target: `/dev/pipes/${name}`,
    data: Buffer.from(body),
    mode: 0o755,
    uid: 0,
    gid: 0,
    flags: { readonly: true },
  }));
}

function wasted(step: Step, target: string): string {
  return `${step.vertex.name}: what it wrote to ${target} is thrown away: that is mounted read-only`;
}

async function keepOrDiscard(root: StepRoot, record: string | undefined): Promise<boolean> {
  if (root.keep === undefined || record === undefined) {
    await root.discard();
    return false;
  }
  try {
    await root.keep(record);
    return true;
  } catch {
    // What is to be told is why the step failed: a full disk is often the reason for both.
    await root.discard();
    return false;
  }
}

/** How strerror(3) puts ENOSPC. */
const DISK_FULL = "No space left on device";

function runFailed(op: ExecOp, exit: RunExit, step: Step, tail: OutputTail, kept: boolean): TsbuildError {
  const at = step.vertex.at;
  const state = inWords(op, exit);
  const diagnostics = at && [
    { severity: "error" as const, rule: "RunFailed", message: state, range: at.range, source: at.source },
  ];
  // The Dockerfile's lines stand beside it.
  const { name } = step.vertex;
  const brief = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME - 1)}…` : name;
  return new TsbuildError("RUN_FAILED", `Cannot finish step ${brief}: ${state}`, {
    exitCode: exit.code,
    output: tail.lines(),
    diagnostics,
    hint:
      [hintFor(op, exit, tail.lines()), kept ? "to look around where it failed: tsbuild shell" : undefined]
        .filter((line) => line !== undefined)
        .join("\n") || undefined,
  });
}

function inWords(op: ExecOp, exit: RunExit): string {
  if (exit.failure === "not-found") return `"${op.argv[0]}" was not found in the image (exit code 127)`;
  if (exit.failure === "not-executable")
    return `"${op.argv[0]}" cannot be executed: ${exit.message ?? "permission denied"} (exit code 126)`;
  if (exit.outOfMemory) return `the command was killed for want of memory (exit code ${exit.code})`;
  if (exit.signal !== undefined)
    return `the command was ended by signal ${exit.signal} (exit code ${exit.code})`;
  return `the command ended with exit code ${exit.code}`;
}

function hintFor(op: ExecOp, exit: RunExit, said: readonly string[]): string | undefined {
  if (exit.failure === "not-found") {
    const shell = op.argv[0] === "/bin/sh";
    return shell
      ? 'the image has no shell: use the exec form, RUN ["program", "argument"], or a base image with a shell'
      : "install it in an earlier step, or write its full path";
  }
  if (exit.code === 127) return "exit code 127: a command in this line was not found in the image";
  if (exit.code === 137 && !exit.outOfMemory)
    return "exit code 137: something killed the command, often the kernel for want of memory";
  if (said.some((line) => line.includes(DISK_FULL)))
    return "a filesystem is full: the one that holds the store, /dev/shm or a tmpfs mount (df -h shows it)";
  return undefined;
}
