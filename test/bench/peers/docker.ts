import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Peer, PeerHost } from "./types.ts";

const START_TIMEOUT = 60_000;
/** Debian's client: another one that comes before it in PATH may bring another builder. */
const CLIENT = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";

/** docker with BuildKit, on a daemon of its own: no bridge and no firewall rules, so that it touches nothing of the machine. */
export async function openDocker(host: PeerHost): Promise<Peer> {
  const { directory } = host;
  const socket = join(directory, "sock");
  const daemon = startDaemon(directory, socket);
  const env = {
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_BUILDKIT: "1",
    DOCKER_CONFIG: join(directory, "client"),
  };
  const docker = (...args: string[]): Promise<string> => host.command([CLIENT, ...args], env);
  const stop = (): Promise<void> => stopDaemon(daemon);
  try {
    const version = await answer(
      () => docker("version", "--format", "{{.Server.Version}}"),
      daemon,
      directory,
    );
    await docker("load", "-q", "-i", host.baseArchive);
    return {
      name: "docker",
      version: `docker ${version.trim()} (BuildKit)`,
      async build({ context, image, noCache }) {
        const flags = noCache === true ? ["--no-cache"] : [];
        await docker("build", "-q", "--network=host", ...flags, "-t", image, context);
      },
      async push(image, reference) {
        await docker("tag", image, reference);
        await docker("push", "-q", reference);
      },
      pull: async (reference) => void (await docker("pull", "-q", reference)),
      remove: async (reference) => void (await docker("rmi", "-f", reference)),
      save: async (image, path) => void (await docker("save", "-o", path, image)),
      run: async (image) => void (await docker("run", "--rm", "--network=host", image, "true")),
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The shell outlives nobody: when this process ends, however it ends, its standard input does, and then the daemon. */
function startDaemon(directory: string, socket: string): ChildProcess {
  const log = openSync(join(directory, "log"), "w");
  const flags = [
    `--data-root=${join(directory, "data")}`,
    `--exec-root=${join(directory, "exec")}`,
    `--pidfile=${join(directory, "pid")}`,
    `--host=unix://${socket}`,
    "--bridge=none",
    "--iptables=false",
    "--insecure-registry=127.0.0.0/8",
  ];
  const script = 'dockerd "$@" & pid=$!; (cat >/dev/null; kill $pid) <&3 & wait $pid; kill $! 2>/dev/null';
  return spawn("sh", ["-c", `exec 3<&0; ${script}`, "sh", ...flags], {
    // A group of its own: Ctrl-C is for the benchmark, which then stops it.
    detached: true,
    stdio: ["pipe", log, log],
  });
}

async function answer(ask: () => Promise<string>, daemon: ChildProcess, directory: string): Promise<string> {
  const until = Date.now() + START_TIMEOUT;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (Date.now() > until || daemon.exitCode !== null) {
        const log = readFileSync(join(directory, "log"), "utf8").slice(-600);
        throw new Error(`the daemon does not answer: ${log}`, { cause });
      }
    }
    await setTimeout(100);
  }
}

async function stopDaemon(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null) return;
  const ended = new Promise((resolve) => {
    daemon.once("exit", resolve);
  });
  daemon.stdin?.end();
  await ended;
}
