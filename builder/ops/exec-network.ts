import { hostConnection } from "../../runtime/network/connect.ts";
import type { Connection } from "../../runtime/network/types.ts";
import { resolvConf } from "../../runtime/plan/network-files.ts";
import type { RunPlan } from "../../runtime/types.ts";
import type { ExecOp } from "../graph/types.ts";

/** What a step has of the network, until it is disposed of. */
export interface StepNetwork extends Disposable {
  readonly network: RunPlan["network"];
  readonly resolvConf: Buffer;
}

/** Where networks for steps come from: `NetworkPool`. */
export interface StepNetworks {
  acquire(): Promise<Connection>;
  release(connection: Connection): void;
}

/** The network that RUN --network asks for. */
export async function openNetwork(
  mode: ExecOp["network"],
  networks: () => Promise<StepNetworks>,
): Promise<StepNetwork> {
  if (mode === "none") return { network: "none", resolvConf: resolvConf(false), [Symbol.dispose]() {} };
  if (mode === "host") return { ...hostConnection(), [Symbol.dispose]() {} };
  const pool = await networks();
  const connection = await pool.acquire();
  return { ...connection, [Symbol.dispose]: () => pool.release(connection) };
}
