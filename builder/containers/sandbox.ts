import type { ContainerSandbox } from "../api/container-sandbox.ts";
import type { RunOptions } from "../api/run-options.ts";
import { nextTurn } from "../core/next-turn.ts";
import type { RunConfig } from "../image/types.ts";
import { TsbuildError } from "../core/errors.ts";
import type { HeldLimits } from "../../runtime/limits/sandbox-limits.ts";
import { NotConnected, beginNetwork, connectNetwork, hostConnection } from "../../runtime/network/connect.ts";
import { withFreePorts } from "../../runtime/network/free-ports.ts";
import { reasonOf } from "../../runtime/network/pool.ts";
import type { Connection, NetworkMode, NetworkWishes, PublishedPort } from "../../runtime/network/types.ts";
import { containerNetworkMounts } from "../../runtime/plan/mounts.ts";
import { resolvConf, withDns } from "../../runtime/plan/network-files.ts";
import type { ContainerServices } from "./types.ts";
import { defaultFilter } from "../../runtime/seccomp/default-filter.ts";
import type { RunPlan } from "../../runtime/types.ts";

/** What holds a container and what it is connected with, until it is disposed of. */
export interface OpenSandbox extends AsyncDisposable {
  readonly ports: readonly PublishedPort[];
  readonly held: Pick<RunPlan, "cgroups" | "limits" | "noNewPrivileges">;
  /** Leaves it all to a container that outlives this process: disposing does nothing then. */
  leave(): void;
  /**
   * The plan with all of that in it, and the network that it came to be, which may not be connected yet. Where running it
   * fails with NotConnected, the next call gives another one.
   */
  around(plan: RunPlan): Promise<{ readonly plan: RunPlan; readonly network: NetworkMode }>;
}

/**
 * Makes ready what surrounds a container. Its network first: a program takes its time to connect it, while all else is
 * looked up and made. `configOf`: the image's, which ports may be asked of.
 */
export async function openSandbox(
  services: ContainerServices,
  { sandbox, signal, emit }: Pick<RunOptions, "sandbox" | "signal" | "emit">,
  configOf: () => Promise<RunConfig>,
): Promise<OpenSandbox> {
  const { settings, dns } = sandbox;
  const notice = (message: string): void => emit({ type: "notice", message });
  const asked = sandbox.publishAll ? [...sandbox.ports, ...exposed(await configOf())] : sandbox.ports;
  const ports = asked.length === 0 ? [] : await withFreePorts(asked);
  for (const [index, port] of ports.entries())
    if (sandbox.ports[index]?.host !== port.host) notice(`port ${portText(port)} is published`);
  const wanted = { ports, notice, signal };
  let connecting = connect(services, sandbox, wanted);
  // Should anything fail before, nobody waits for it any more.
  connecting.catch(() => {});
  await nextTurn();
  const disconnect = async (): Promise<void> =>
    (await connecting.catch(() => undefined))?.[Symbol.asyncDispose]();
  let held: HeldLimits;
  try {
    const { SandboxLimits } = await import("../../runtime/limits/sandbox-limits.ts");
    held = new SandboxLimits(settings, notice).open();
  } catch (error) {
    await disconnect();
    throw error;
  }
  const { cgroups, limits } = held;
  const settled = { cgroups, limits, noNewPrivileges: sandbox.noNewPrivileges };
  let left = false;
  return {
    ports,
    held: settled,
    leave: () => void (left = true),
    async around(plan) {
      const { network, resolvConf, gateway, ready: connected } = await connecting;
      const ready = connected?.catch((error: unknown) => {
        if (error instanceof NotConnected)
          connecting = connectOtherwise(services, sandbox, wanted, [error.message], 1);
        throw error;
      });
      // Whoever runs the plan hears of it.
      ready?.catch(() => {});
      const mounts = containerNetworkMounts(
        { resolvConf: withDns(resolvConf, dns), gateway },
        plan,
        settings.hosts,
      );
      return {
        network: typeof network === "string" ? network : "default",
        plan: { ...plan, ...settled, network, ready, mounts: [...mounts, ...plan.mounts] },
      };
    },
    async [Symbol.asyncDispose]() {
      if (left) return;
      held[Symbol.dispose]();
      await disconnect();
    },
  };
}

/** The filter of system calls that --security-opt asks for; undefined: none. */
export async function filterOf(
  { seccomp }: ContainerSandbox,
  capabilities: readonly number[],
): Promise<Uint8Array | undefined> {
  if (seccomp === undefined) return defaultFilter(capabilities);
  if (seccomp === "unconfined") return undefined;
  return (await import("../../runtime/seccomp/file-filter.ts")).fileFilter(seccomp, capabilities);
}

/** As `docker ps` writes it: 0.0.0.0:8080->80/tcp. */
export function portText({ address, host, container, protocol }: PublishedPort): string {
  const shown = address === "" ? "0.0.0.0" : address.includes(":") ? `[${address}]` : address;
  return `${shown}:${host}->${container}/${protocol}`;
}

type ContainerConnection = Omit<Connection, "network"> & Pick<RunPlan, "network" | "ready">;

interface Wanted {
  readonly ports: readonly PublishedPort[];
  readonly notice: (message: string) => void;
  readonly signal: AbortSignal;
}

async function connect(
  services: ContainerServices,
  sandbox: ContainerSandbox,
  wanted: Wanted,
): Promise<ContainerConnection> {
  const { network } = sandbox;
  if (network === "host") return hostConnection();
  if (network === "none") return { ...hostConnection(), network: "none", resolvConf: resolvConf(false) };
  try {
    const where = { path: services.store.tempPath("net"), env: services.env, signal: wanted.signal };
    const begun = await beginNetwork(await services.earlyHelper(), wishesOf(sandbox, wanted), where);
    if (begun !== undefined) return { ...begun.connection, ready: begun.ready };
    return await connectOtherwise(services, sandbox, wanted, [], 0);
  } catch (error) {
    if (!(error instanceof NotConnected)) throw error;
    return connectOtherwise(services, sandbox, wanted, [error.message], 1);
  }
}

/** By the programs that were not tried yet, or not at all. */
async function connectOtherwise(
  { helper, env, store }: ContainerServices,
  sandbox: ContainerSandbox,
  wanted: Wanted,
  before: readonly string[],
  tried: number,
): Promise<ContainerConnection> {
  const { ports, notice, signal } = wanted;
  const where = { path: store.tempPath("net"), env, signal };
  const { connection, problems } = await connectNetwork(
    await helper(),
    wishesOf(sandbox, wanted),
    where,
    tried,
  );
  if (connection !== undefined) return connection;
  const reason = reasonOf([...before, ...problems]);
  if (ports.length > 0) {
    throw new TsbuildError("SANDBOX", `Cannot publish ports: ${reason}`, {
      hint: "with --network host its ports are this machine's, and are reached without",
    });
  }
  notice(`the container shares the network of this machine: ${reason}`);
  return hostConnection();
}

function wishesOf({ settings }: ContainerSandbox, { ports }: Wanted): NetworkWishes {
  return { ports, hostGateway: settings.hosts.some(({ address }) => address === "host-gateway") };
}

function exposed({ ExposedPorts = {} }: RunConfig): PublishedPort[] {
  return Object.keys(ExposedPorts).flatMap((text): PublishedPort[] => {
    const [, number, protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
    if (number === undefined || (protocol !== "tcp" && protocol !== "udp")) return [];
    return [{ address: "", host: 0, container: Number(number), protocol }];
  });
}
