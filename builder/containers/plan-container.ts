import { basename } from "node:path";
import { resolveRunUser, type RunUser } from "../core/accounts.ts";
import type { Image } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import { snapshotsOf } from "../layers/snapshots.ts";
import { readAccountFile } from "../ops/accounts.ts";
import type { ContainerRequest } from "../api/container-types.ts";
import { containerPlan } from "../../runtime/container/plan.ts";
import { capabilitiesOf } from "../../runtime/container/privileges.ts";
import { foreignMounts } from "../../runtime/emulation/foreign.ts";
import type { RunPlan } from "../../runtime/types.ts";
import type { ContainerServices } from "./types.ts";

/** What a container runs on. */
export interface ContainerRoot {
  /** Snapshots, bottom first. */
  readonly lowers: readonly string[];
  readonly user: RunUser;
}

export async function rootOf(
  { trees, form }: ContainerServices,
  image: Image,
  rootfs: RootFs,
  request: ContainerRequest,
): Promise<ContainerRoot> {
  const text = request.user ?? image.config.config.User ?? "";
  const userOf = async (): Promise<RunUser> => {
    const tree = await trees.of(rootfs);
    return trees.withTars(() => resolveRunUser(text, (path) => readAccountFile(tree, path)));
  };
  const isPlain = (await form()) === "none";
  const [lowers, user] = await Promise.all([isPlain ? [] : snapshotsOf(rootfs), userOf()]);
  return { lowers, user };
}

/** The plan of a container whose files lie in `directory`; what surrounds it is not in it yet. */
export function planContainer(
  { store }: ContainerServices,
  image: Image,
  { lowers, user }: ContainerRoot,
  { directory, seccomp }: { readonly directory: string; readonly seccomp: Uint8Array | undefined },
  request: ContainerRequest & { readonly columns?: number | undefined; readonly rows?: number | undefined },
): RunPlan {
  const { sandbox } = request;
  const capabilities = capabilitiesOf(request.capAdd, request.capDrop);
  const emulation = foreignMounts(image.config.platform, (label) => store.tempPath(label));
  return containerPlan(
    image.config.config,
    {
      command: request.command,
      entrypoint: request.entrypoint,
      env: request.env,
      volumes: request.volumes,
      mounts: sandbox.mounts,
      workdir: request.workdir,
      hostname: request.hostname ?? basename(directory).slice(0, 12),
      shmSize: sandbox.settings.shmSize,
      init: request.init,
      readonly: request.readonly,
      tty: request.tty,
      columns: request.columns,
      rows: request.rows,
    },
    { lowers, directory, user, capabilities, emulation, seccomp, synced: !request.remove },
  );
}
