import type { RunConfig } from "../../builder/image/types.ts";
import { TsbuildError } from "../../builder/core/errors.ts";
import type { RunUser } from "../../builder/core/accounts.ts";
import { processEnvironment } from "../plan/environment.ts";
import { baseMounts, kernelMasks } from "../plan/mounts.ts";
import type { MountSpec, RunPlan } from "../types.ts";
import { containerMounts, type ContainerMount } from "./mounts.ts";

/** What the user asked for, over what the image says. */
export interface ContainerRequest {
  readonly command: readonly string[];
  readonly entrypoint?: readonly string[] | undefined;
  readonly env: readonly string[];
  readonly volumes: readonly string[];
  readonly mounts: readonly ContainerMount[];
  readonly workdir?: string | undefined;
  readonly hostname: string;
  /** Bytes of /dev/shm; 64 MiB where not given. */
  readonly shmSize?: number | undefined;
  readonly init: boolean;
  readonly readonly: boolean;
  readonly tty: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

export interface ContainerRoot {
  /** Snapshots of the image, bottom first. */
  readonly lowers: readonly string[];
  /** Directory of the container in the store. */
  readonly directory: string;
  /** What it writes outlives it: fsync(2) is obeyed. */
  readonly synced: boolean;
  readonly user: RunUser;
  readonly capabilities: readonly number[];
  /** What a program for another architecture needs in its root (runtime/emulation). */
  readonly emulation: readonly MountSpec[];
  /** undefined: unconfined. */
  readonly seccomp: Uint8Array | undefined;
}

/** The plan of a container's process: docker's rules for Entrypoint and Cmd, Env, WorkingDir. It has no network yet. */
export function containerPlan(config: RunConfig, request: ContainerRequest, root: ContainerRoot): RunPlan {
  const { user } = root;
  const terminal = request.tty ? ["TERM=xterm"] : [];
  return {
    root: {
      kind: "overlay",
      lowers: root.lowers,
      upper: `${root.directory}/fs`,
      work: `${root.directory}/work`,
      synced: root.synced,
    },
    mounts: [
      ...baseMounts({ shmSize: request.shmSize }),
      ...root.emulation,
      ...containerMounts({ ...request, imageVolumes: Object.keys(config.Volumes ?? {}) }, root),
      ...kernelMasks(),
    ],
    argv: argvOf(config, request),
    env: processEnvironment(
      [[`HOSTNAME=${request.hostname}`], terminal, config.Env ?? [], request.env],
      user.home,
    ),
    cwd: request.workdir ?? (config.WorkingDir || "/"),
    uid: user.uid,
    gid: user.gid,
    groups: user.groups,
    hostname: request.hostname,
    umask: 0o022,
    capabilities: root.capabilities,
    seccomp: root.seccomp,
    noNewPrivileges: false,
    readonlyRoot: request.readonly,
    network: "none",
    init: request.init,
    stdio: request.tty ? "terminal" : "pipes",
    ...(request.columns === undefined ? {} : { columns: request.columns }),
    ...(request.rows === undefined ? {} : { rows: request.rows }),
  };
}

/** An entrypoint given by the user clears the image's Cmd; a command given by the user replaces it. */
function argvOf(config: RunConfig, request: ContainerRequest): readonly string[] {
  const entrypoint = request.entrypoint ?? config.Entrypoint ?? [];
  const imageCommand = request.entrypoint === undefined ? (config.Cmd ?? []) : [];
  const argv = [...entrypoint, ...(request.command.length > 0 ? request.command : imageCommand)];
  if (argv.length > 0) return argv;
  throw new TsbuildError("USAGE", "Cannot run the image: it has no command of its own", {
    hint: "give one: tsbuild run IMAGE COMMAND",
  });
}
