import { hostConnection } from "../../runtime/network/connect.ts";
import type { Connection } from "../../runtime/network/types.ts";
import type { HostEntry } from "../../runtime/limits/types.ts";
import { networkMounts } from "../../runtime/plan/mounts.ts";
import { resolvConf } from "../../runtime/plan/network-files.ts";
import type { RunPlan } from "../../runtime/types.ts";
import type { ExecOp } from "../graph/types.ts";

/** What a step has of the network, until it is disposed of. */
export interface StepNetwork extends Disposable {
  readonly network: RunPlan["network"];
  readonly resolvConf: Buffer;
  /** Address of the host, as seen from within. */
  readonly gateway: string;
}

/** Where networks for steps come from: `NetworkPool`. */
export interface StepNetworks {
  /** Makes one ready that somebody will take soon. */
  prepare(): void;
  acquire(): Promise<Connection>;
  release(connection: Connection): void;
}

/** The network that RUN --network asks for. */
export async function openNetwork(
  mode: ExecOp["network"],
  networks: () => Promise<StepNetworks>,
): Promise<StepNetwork> {
  const held = { [Symbol.dispose]() {} };
  if (mode === "none")
    return { ...hostConnection(), network: "none", resolvConf: resolvConf(false), ...held };
  if (mode === "host") return { ...hostConnection(), ...held };
  const pool = await networks();
  const connection = await pool.acquire();
  return { ...connection, [Symbol.dispose]: () => pool.release(connection) };
}

/** The network is opened beside the rest of the plan: it may take longer. */
export function withNetwork(plan: RunPlan, connection: StepNetwork, hosts: readonly HostEntry[]): RunPlan {
  const mounts = networkMounts(connection, plan.hostname, hosts);
  return { ...plan, network: connection.network, mounts: [...mounts, ...plan.mounts] };
}
