import type { Helper } from "../types.ts";
import { connectNetwork, hostConnection } from "./connect.ts";
import type { Connection } from "./types.ts";

export interface NetworkPoolServices {
  readonly helper: () => Promise<Helper>;
  /** A path for a file that ends with the process. */
  readonly tempPath: () => string;
  readonly env: NodeJS.ProcessEnv;
  /** No namespace can be made: steps share the network that this process is in. */
  readonly shared: boolean;
  /** Steps reach the host's loopback at their gateway: for --add-host NAME:host-gateway. */
  readonly hostGateway: boolean;
  /** Says something once, in the log. */
  readonly notice: (message: string) => void;
}

/**
 * Networks for the steps of a build. Starting a program takes as long as a few steps do (20 to 50 ms): so one is made
 * ready as soon as it is known that a step will run, and steps that follow each other share one. A step leaves nothing in
 * it: its processes are gone, and it had no right to change addresses or routes.
 */
export class NetworkPool {
  readonly #services: NetworkPoolServices;
  readonly #free: Promise<Connection>[] = [];
  /** Once no program works, none is tried again. */
  #host: Connection | undefined;

  constructor(services: NetworkPoolServices) {
    this.#services = services;
    if (services.shared) this.#host = hostConnection();
  }

  /** Makes one ready that somebody will take soon. */
  prepare(): void {
    if (this.#host !== undefined) return;
    const connection = this.#connect();
    // Whoever takes it hears of a failure.
    connection.catch(() => {});
    this.#free.push(connection);
  }

  /** A network of one's own, until `release`. */
  async acquire(): Promise<Connection> {
    return this.#host ?? (await (this.#free.pop() ?? this.#connect()));
  }

  release(connection: Connection): void {
    if (connection !== this.#host) this.#free.push(Promise.resolve(connection));
  }

  async #connect(): Promise<Connection> {
    const { helper, tempPath, env, hostGateway, notice } = this.#services;
    const wishes = { ports: [], hostGateway };
    const { connection, problems } = await connectNetwork(await helper(), wishes, { path: tempPath(), env });
    if (connection !== undefined) return connection;
    if (this.#host !== undefined) return this.#host;
    this.#host = hostConnection();
    notice(`steps share the network of this machine: ${reasonOf(problems)}`);
    return this.#host;
  }
}

/** Why there is no network of one's own, for people. */
export function reasonOf(problems: readonly string[]): string {
  return problems.length > 0
    ? problems.join("; ")
    : "neither pasta (package passt) nor slirp4netns is installed";
}
