import type { Json } from "../core/json.ts";
import type { ExecOp } from "../graph/types.ts";
import type { SandboxSettings } from "../../runtime/limits/types.ts";
import { mountContent, mountInputs } from "./exec-content.ts";
import type { OpHandler, OpServices } from "./types.ts";

/** RUN: a process in a root filesystem of its own. How it is run is loaded when one is: keys need nothing of that. */
export function execHandler(services: OpServices): OpHandler<ExecOp> {
  return {
    resource: "exec",
    definition: (op) => execDefinition(op, services.sandbox),
    contentInputs: mountInputs,
    content: (op, inputs) => mountContent(services, op, inputs),
    async run(op, inputs, step) {
      const { runExec } = await import("./exec-run.ts");
      return runExec(services, op, inputs, step);
    },
  };
}

/**
 * The whole of what the process is given, but not what must not matter: proxies, and where a cache mount's files lie
 * (BuildKit solver/llbsolver/ops/exec.go, CacheMap).
 */
function execDefinition(op: ExecOp, sandbox: SandboxSettings): Json {
  const mounts = op.mounts.map((mount): Json => {
    if (mount.type === "cache") return { type: "cache", target: mount.target, readonly: mount.readonly };
    if (mount.type === "ssh") return { type: "ssh", target: mount.target };
    return { ...mount };
  });
  return {
    type: "exec",
    argv: op.argv,
    env: op.env,
    cwd: op.cwd,
    user: op.user,
    os: op.platform.os,
    architecture: op.platform.architecture,
    variant: op.platform.variant ?? "",
    hostname: op.hostname ?? "",
    network: op.network,
    security: op.security,
    mounts,
    scripts: op.scripts.map((script) => ({ ...script })),
    ...sandboxKey(sandbox),
  };
}

/**
 * What of the settings a step can notice and keep: names of hosts without their addresses, as in BuildKit (SEMANTICS 39),
 * limits of its process, the size of /dev/shm. Memory, processors and the number of processes decide how a step fares,
 * not what it makes. Nothing is in the key where nothing was asked for.
 */
function sandboxKey({ hosts, ulimits, shmSize }: SandboxSettings): Readonly<Record<string, Json>> {
  return {
    ...(hosts.length === 0 ? {} : { hosts: hosts.map(({ name }) => name) }),
    ...(ulimits.length === 0
      ? {}
      : { ulimits: ulimits.map(({ resource, soft, hard }) => [resource, String(soft), String(hard)]) }),
    ...(shmSize === undefined ? {} : { shmSize }),
  };
}
