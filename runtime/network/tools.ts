import { accessSync, constants, existsSync } from "node:fs";
import { basename, isAbsolute, join } from "node:path";
import type { NetworkTool, NetworkWishes, PublishedPort } from "./types.ts";

/** A private address that slirp4netns answers DNS queries on (slirp4netns(1)). */
export const SLIRP_DNS = "10.0.2.3";
/** The host as slirp4netns shows it. */
export const SLIRP_GATEWAY = "10.0.2.2";
const READY_FD = 3;
const NAMES: readonly NetworkTool["name"][] = ["pasta", "slirp4netns"];

/** The programs that are installed, the better one first: pasta copies no bytes that it need not. */
export function networkTools(env: NodeJS.ProcessEnv): NetworkTool[] {
  const folders = (env["PATH"] ?? "").split(":").filter((folder) => isAbsolute(folder));
  return NAMES.flatMap((name): NetworkTool[] => {
    const path = folders.map((folder) => join(folder, name)).find(isExecutable);
    return path === undefined ? [] : [{ name, path }];
  });
}

/** The command line that connects the namespace at `path`; it is started in that file's directory. */
export function toolCommand(tool: NetworkTool, path: string, wishes: NetworkWishes): string[] {
  return tool.name === "pasta" ? pasta(tool, path, wishes) : slirp4netns(tool, path, wishes);
}

/** The FIFO that the helper makes for what a program writes when it is ready. */
function readyFile(path: string): string {
  return `${path}.ready`;
}

/** The socket on which slirp4netns is asked to publish ports. */
export function apiSocket(path: string): string {
  return `${path}.api`;
}

/**
 * It writes its process id when it is ready; to become a daemon costs a fifth of its start, for nothing: it has a pid
 * namespace of its own already. Ports of the host's loopback are nobody's business inside (-T, -U), and what listens inside
 * is not published unasked (-t, -u). As root it would become nobody, who may not enter the namespace.
 */
function pasta(
  { path: program }: NetworkTool,
  path: string,
  { ports, hostGateway }: NetworkWishes,
): string[] {
  const published = (protocol: PublishedPort["protocol"], flag: string): string[] => {
    const specs = ports.filter((port) => port.protocol === protocol).map(pastaPort);
    return specs.length === 0 ? [flag, "none"] : specs.flatMap((spec) => [flag, spec]);
  };
  return [
    program,
    "--config-net",
    "--quiet",
    "--foreground",
    "--pid",
    readyFile(path),
    "--runas",
    "0",
    "-T",
    "none",
    "-U",
    "none",
    ...published("tcp", "-t"),
    ...published("udp", "-u"),
    ...(hostGateway ? [] : ["--no-map-gw"]),
    "--netns-only",
    // The file goes with the process that made it, before a detached container does.
    "--no-netns-quit",
    "--netns",
    path,
  ];
}

function pastaPort({ address, host, container }: PublishedPort): string {
  return `${address === "" ? "" : `${address}/`}${host}:${container}`;
}

function slirp4netns(tool: NetworkTool, path: string, { ports, hostGateway }: NetworkWishes): string[] {
  return [
    tool.path,
    "--configure",
    "--mtu=65520",
    `--ready-fd=${READY_FD}`,
    "--netns-type=path",
    ...(hostGateway ? [] : ["--disable-host-loopback"]),
    ...(ports.length > 0 ? [`--api-socket=${basename(apiSocket(path))}`] : []),
    path,
    "tap0",
  ];
}

function isExecutable(path: string): boolean {
  // An exception for each folder of PATH would take a millisecond.
  if (!existsSync(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
