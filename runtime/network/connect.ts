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

/**
 * A network namespace at `path`, a file to be made, connected by the first program that works; no connection where none
 * does. A port that cannot be published is an error, whatever else might have worked.
 */
export async function connectNetwork(
  helper: Helper,
  path: string,
  wishes: NetworkWishes,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<Connected> {
  const problems: string[] = [];
  for (const tool of networkTools(env)) {
    const api = apiSocket(path);
    let link: NetworkLink;
    try {
      link = await helper.connect(path, toolCommand(tool, path, wishes), signal);
    } catch (error) {
      signal?.throwIfAborted();
      // pasta's sandbox of its own leaves no way to syslog, which it says many times.
      const message = messageOf(error).replace(/Failed to send \d+ bytes to syslog[; ]*/g, "");
      if (wishes.ports.length > 0 && /bind|in use/i.test(message))
        throw portsRefused(wishes.ports, undefined, error);
      problems.push(message);
      continue;
    }
    try {
      if (tool.name === "slirp4netns") await publishThroughSlirp(api, wishes.ports);
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
    return { connection: connectionOf(tool, link, wishes.ports.length > 0 ? api : undefined), problems };
  }
  return { connection: undefined, problems };
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
      const ended = link[Symbol.asyncDispose]();
      if (api === undefined) return;
      await ended;
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
