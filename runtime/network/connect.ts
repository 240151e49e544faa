import { readFileSync, rmSync } from "node:fs";
import { messageOf } from "../../builder/core/errors.ts";
import { resolvConf, resolvConfWith } from "../plan/network-files.ts";
import type { Helper, NetworkLink } from "../types.ts";
import { portsRefused } from "./ports-refused.ts";
import { publishThroughSlirp } from "./slirp-ports.ts";
import { SLIRP_DNS, SLIRP_GATEWAY, apiSocket, networkTools, toolCommand } from "./tools.ts";
import type { Connection, NetworkTool, NetworkWishes } from "./types.ts";

export interface Connected {
  readonly connection: Connection | undefined;
  /** Why no better one could be had: a sentence for each program that did not work. */
  readonly problems: readonly string[];
}

/** That a program could not connect a network; another way may work. */
export class NotConnected extends Error {}

/** A network namespace that is made, and connected when `ready` resolves; that rejects with NotConnected, or for good. */
export interface Connecting {
  readonly connection: Connection;
  readonly ready: Promise<void>;
}

interface Where {
  /** A file to be made. */
  readonly path: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A network namespace connected by the first program that works, `skipped` programs left out; no connection where none
 * does. A port that cannot be published is an error, whatever else might have worked.
 */
export async function connectNetwork(
  helper: Helper,
  wishes: NetworkWishes,
  where: Where,
  skipped = 0,
): Promise<Connected> {
  const problems: string[] = [];
  for (const tool of networkTools(where.env).slice(skipped)) {
    try {
      const { connection, ready } = await begin(helper, tool, wishes, where);
      await ready;
      return { connection, problems };
    } catch (error) {
      if (!(error instanceof NotConnected)) throw error;
      problems.push(error.message);
    }
  }
  return { connection: undefined, problems };
}

/** Begins with the first program, without waiting for it; undefined where there is none. */
export async function beginNetwork(
  helper: Helper,
  wishes: NetworkWishes,
  where: Where,
): Promise<Connecting | undefined> {
  const [tool] = networkTools(where.env);
  return tool && begin(helper, tool, wishes, where);
}

async function begin(
  helper: Helper,
  tool: NetworkTool,
  wishes: NetworkWishes,
  { path, signal }: Where,
): Promise<Connecting> {
  const { ports } = wishes;
  const api = apiSocket(path);
  const failed = (error: unknown): Error => {
    signal?.throwIfAborted();
    // pasta's sandbox of its own leaves no way to syslog, which it says many times.
    const message = messageOf(error).replace(/Failed to send \d+ bytes to syslog[; ]*/g, "");
    if (ports.length > 0 && /bind|in use/i.test(message)) return portsRefused(ports, undefined, error);
    return new NotConnected(message, { cause: error });
  };
  let link: NetworkLink;
  try {
    link = await helper.connect(path, toolCommand(tool, path, wishes), signal);
  } catch (error) {
    throw failed(error);
  }
  const connect = async (): Promise<void> => {
    try {
      await link.connected;
    } catch (error) {
      throw failed(error);
    }
    try {
      if (tool.name === "slirp4netns") await publishThroughSlirp(api, ports);
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
  };
  const ready = connect();
  // Whoever waits for it hears of a failure.
  ready.catch(() => {});
  return { connection: connectionOf(tool, link, ports.length > 0 ? api : undefined), ready };
}

/** The host's own network. */
export function hostConnection(): Connection {
  return {
    network: "host",
    resolvConf: resolvConf(true),
    gateway: "127.0.0.1",
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Ports are free again when it is disposed of; without any there is nothing to wait for, nor an `api`. */
function connectionOf(tool: NetworkTool, link: NetworkLink, api: string | undefined): Connection {
  const slirp = tool.name === "slirp4netns";
  return {
    network: { path: link.path },
    resolvConf: slirp ? resolvConfWith(SLIRP_DNS) : resolvConf(false),
    gateway: slirp ? SLIRP_GATEWAY : defaultGateway(),
    async [Symbol.asyncDispose]() {
      if (api === undefined) {
        // Its end keeps a processor busy, which who exits now needs: then it comes with the helper's.
        setImmediate(() => void link[Symbol.asyncDispose]());
        return;
      }
      await link[Symbol.asyncDispose]();
      rmSync(api, { force: true });
    },
  };
}

/** The host's gateway, which pasta shows as the host's own address. */
function defaultGateway(): string {
  const rows = readFileSync("/proc/net/route", "latin1").split("\n").slice(1);
  for (const row of rows) {
    const [, destination, gateway = ""] = row.split("\t");
    if (destination === "00000000" && gateway !== "00000000")
      return [...Buffer.from(gateway, "hex")].reverse().join(".");
  }
  return "127.0.0.1";
}
