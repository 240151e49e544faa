import { existsSync, readFileSync, realpathSync, renameSync } from "node:fs";
import { join, relative } from "node:path";
import type { Container } from "../api/container-types.ts";
import type { RunOptions } from "../api/run-options.ts";
import { TsbuildError } from "../core/errors.ts";
import { capabilitiesOf } from "../../runtime/container/privileges.ts";
import type { Isolation } from "../../runtime/isolation/probe.ts";
import { PlainTrees } from "../../runtime/layers/plain-trees.ts";
import { DEFAULT_SHM_SIZE } from "../../runtime/plan/paths.ts";
import { plainPlan, sizesNotHeld } from "../../runtime/plan/plain.ts";
import type { RunPlan } from "../../runtime/types.ts";
import { nameOf } from "./stop.ts";
import { treeOf } from "./plain-container.ts";
import type { ContainerServices } from "./types.ts";

/** A request as a container can have it where it is held by chroot alone; an error names the flag of what it cannot have. */
export function requestByChroot(request: RunOptions, { missing: [obstacle] }: Isolation): RunOptions {
  const { sandbox, volumes, capAdd } = request;
  const writable = [
    ...volumes.filter((volume) => !volume.endsWith(":ro")).map((volume) => `--volume ${volume}`),
    ...sandbox.mounts.flatMap((mount) =>
      mount.type === "bind" && !mount.readonly
        ? [`--mount type=bind,source=${mount.source},target=${mount.target}`]
        : [],
    ),
  ];
  const refused: readonly (readonly [flag: string | undefined, why: string])[] = [
    [sandbox.ports.length > 0 ? "--publish" : undefined, SHARED],
    [sandbox.publishAll ? "--publish-all" : undefined, SHARED],
    [sandbox.network === "none" ? "--network none" : undefined, "it shares the network of this container"],
    [request.readonly ? "--read-only" : undefined, "nothing keeps it from writing"],
    [request.hostname === undefined ? undefined : "--hostname", "it shares the name of this container"],
    [
      writable[0],
      "nothing can be mounted, and what it writes to a copy would be lost; with :ro it gets a copy",
    ],
    [
      capAdd.find((name) => !isHeld(name)) && `--cap-add ${capAdd.join(",")}`,
      "tsbuild itself has not got it",
    ],
  ];
  for (const [flag, why] of refused) {
    if (flag === undefined) continue;
    throw new TsbuildError("SANDBOX", `Cannot use ${flag} for a container by chroot: ${why}`, {
      hint: obstacle && `${obstacle.what}: ${obstacle.fix}`,
    });
  }
  for (const message of notHeld(request)) request.emit({ type: "notice", message });
  return { ...request, sandbox: { ...sandbox, network: "host" } };
}

/** What it gets in another way than it was asked for. */
function notHeld({ volumes, sandbox }: RunOptions): string[] {
  const copies = [
    ...volumes.map((volume) => volume.split(":").at(-2) ?? ""),
    ...sandbox.mounts.flatMap((mount) => (mount.type === "bind" ? [mount.target] : [])),
  ];
  const { shmSize = DEFAULT_SHM_SIZE } = sandbox.settings;
  const tmpfs = sandbox.mounts.filter((mount) => mount.type === "tmpfs");
  const sizes = sizesNotHeld([...tmpfs, { type: "dev", target: "/dev", shmSize }]);
  const copied = `what the container writes to ${copies.join(" and ")} is thrown away: without mounts it gets a copy`;
  return [...(copies.length > 0 ? [copied] : []), ...(sizes === undefined ? [] : [sizes])];
}

const SHARED = "its ports are this container's, and are reached without";

/** The plan of a container with its root filesystem as a whole tree of its own, which is made where it is not there yet. */
export async function planByChroot(
  services: ContainerServices,
  { record, directory }: Container,
  plan: RunPlan,
): Promise<RunPlan> {
  const { store, trees, layers, helper } = services;
  const path = treeOf(directory);
  for (const mount of plan.mounts) if (mount.type === "bind") requireOutside(mount.source, directory);
  if (!existsSync(path)) {
    const rootfs = layers.openAll(record.layers);
    if (rootfs === undefined)
      throw new TsbuildError("STORE_INVALID", `Cannot run ${nameOf(record)}: its image is not whole`);
    const made = new PlainTrees({
      helper,
      tempPath: (label) => store.tempPath(label),
      readable: (all) => trees.readable(all),
    });
    renameSync(await made.take(rootfs), path);
    // What is noted of them is kept as long as the container: `start` asks for them again.
    for (const layer of rootfs) store.layers.update(await layer.diffId(), { size: (await layer.tar()).size });
  }
  return { ...plainPlan(plan), root: { kind: "plain", path, aside: join(directory, "aside") } };
}

/** A copy of what holds the container would hold itself, and so without end. */
function requireOutside(source: string, directory: string): void {
  const way = relative(realpathSync(source), realpathSync(directory));
  // A name may begin with two dots as well.
  if (way === ".." || way.startsWith("../")) return;
  throw new TsbuildError(
    "SANDBOX",
    `Cannot copy ${source} into a container by chroot: the store lies in it`,
    {
      hint: "name a directory that is beside the store, or set TSBUILD_ROOT to one that is",
    },
  );
}

/** Whether this process has a capability itself. */
function isHeld(name: string): boolean {
  const line = /^CapPrm:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"));
  const held = BigInt(`0x${line?.[1] ?? "0"}`);
  return capabilitiesOf([name], ["ALL"]).every((one) => (held & (1n << BigInt(one))) !== 0n);
}
