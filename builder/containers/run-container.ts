import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { resolveRunUser } from "../core/accounts.ts";
import { TsbuildError } from "../core/errors.ts";
import type { Image } from "../image/types.ts";
import type { RootFs } from "../layers/types.ts";
import { readAccountFile } from "../ops/accounts.ts";
import { snapshotsOf } from "../layers/snapshots.ts";
import type { LayerTrees } from "../ops/trees.ts";
import type { Store } from "../store/types.ts";
import type { RunOptions } from "../api/run-options.ts";
import { containerPlan } from "../../runtime/container/plan.ts";
import { capabilitiesOf } from "../../runtime/container/privileges.ts";
import { defaultFilter } from "../../runtime/seccomp/default-filter.ts";
import type { Helper, RunExit } from "../../runtime/types.ts";
import { makeDirectory } from "../core/make-directory.ts";

export interface ContainerServices {
  readonly store: Store;
  readonly trees: LayerTrees;
  helper(): Promise<Helper>;
}

/** Runs an image's command, or the user's, in a container; resolves with its exit status, as docker reports it. */
export async function runContainer(
  services: ContainerServices,
  image: Image,
  rootfs: RootFs,
  options: RunOptions,
): Promise<number> {
  const id = randomBytes(32).toString("hex");
  const directory = services.store.path("containers", id);
  const [lowers, tree, helper] = await Promise.all([
    snapshotsOf(rootfs),
    services.trees.of(rootfs),
    services.helper(),
  ]);
  const { config } = image.config;
  const user = await services.trees.withTars(() =>
    resolveRunUser(options.user ?? config.User ?? "", (path) => readAccountFile(tree, path)),
  );
  const { io } = options;
  const capabilities = capabilitiesOf(options.capAdd, options.capDrop);
  const plan = containerPlan(
    config,
    {
      command: options.command,
      entrypoint: options.entrypoint,
      env: options.env,
      volumes: options.volumes,
      workdir: options.workdir,
      hostname: options.hostname ?? id.slice(0, 12),
      init: options.init,
      readonly: options.readonly,
      tty: options.tty,
      columns: io.columns,
      rows: io.rows,
    },
    { lowers, directory, user, capabilities, seccomp: await defaultFilter(capabilities) },
  );
  makeDirectory(directory);
  writeFileSync(
    join(directory, "container.json"),
    JSON.stringify({ id, image: options.image, created: new Date().toISOString(), command: plan.argv }),
  );
  try {
    const exit = await helper.run(
      plan,
      {
        onOutput: (stream, data) => (stream === "stdout" ? io.stdout(data) : io.stderr(data)),
        ...(options.interactive && io.stdin !== undefined ? { stdin: io.stdin } : {}),
        onStart: (control) => io.onStart(control),
      },
      options.signal,
    );
    return statusOf(exit, plan.argv[0] ?? "");
  } finally {
    if (options.remove) await helper.remove([directory]);
  }
}

function statusOf(exit: RunExit, command: string): number {
  if (exit.failure === undefined) return exit.code;
  const state =
    exit.failure === "not-found"
      ? "it was not found in the image"
      : `it cannot be executed (${exit.message ?? "permission denied"})`;
  throw new TsbuildError("RUN_FAILED", `Cannot run "${command}": ${state}`, { exitCode: exit.code });
}
