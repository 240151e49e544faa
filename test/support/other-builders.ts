import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Another tool, with all that it keeps in a directory of its own. */
export interface OtherBuilder {
  /** Runs it; gives what it prints, and throws where it fails. */
  (...args: readonly string[]): string;
}

/** What stands in the way of running these commands as root, or undefined. */
export function withoutTools(...names: readonly string[]): string | undefined {
  if (process.getuid?.() !== 0) return "this is not root";
  const missing = names.filter(
    (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).error !== undefined,
  );
  return missing.length === 0 ? undefined : `${missing.join(", ")}: not installed`;
}

/** podman or buildah; both have the same storage. */
export function containersTool(name: "podman" | "buildah", directory: string): OtherBuilder {
  const own = ["--root", join(directory, "containers"), "--runroot", join(directory, "containers-run")];
  return (...args) => run(name, [...own, "--storage-driver", "vfs", ...args]);
}

/**
 * Containers of podman: with runc, as crun wants a control group of its own; and with limits that a process without
 * CAP_SYS_RESOURCE may ask for.
 */
export const PODMAN_RUN = [
  "--runtime",
  "runc",
  "run",
  "--rm",
  "--network=none",
  "--ulimit=nofile=64:64",
  "--ulimit=nproc=64:64",
];

export interface Docker extends AsyncDisposable {
  /** What DOCKER_HOST says. */
  readonly socket: string;
  readonly docker: OtherBuilder;
}

/** A docker daemon with all that it has in a directory; undefined where none can be started here, with its last words. */
export async function startDocker(
  directory: string,
  storage: readonly string[] = ["-s", "vfs"],
): Promise<Docker | string> {
  const folder = join(directory, "docker");
  mkdirSync(folder);
  // A socket's path has 107 bytes at most.
  const socket = `unix://${join(folder, "s")}`;
  const places = [
    "--data-root",
    join(folder, "root"),
    "--exec-root",
    join(folder, "exec"),
    "--pidfile",
    join(folder, "pid"),
  ];
  const network = ["--bridge=none", "--iptables=false", "--ip-forward=false", "--ip-masq=false"];
  const daemon = spawn("dockerd", ["-H", socket, ...places, ...network, ...storage], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let log = "";
  const ready = new Promise<boolean>((resolve) => {
    daemon.once("exit", () => resolve(false));
    daemon.stderr.setEncoding("utf8").on("data", (text: string) => {
      log = `${log}${text}`.slice(-4000);
      if (log.includes("API listen on")) resolve(true);
    });
  });
  if (!(await ready)) return `dockerd ended: ${log.slice(-300)}`;
  return {
    socket,
    docker: (...args) => run("docker", ["-H", socket, ...args]),
    async [Symbol.asyncDispose]() {
      const ended = once(daemon, "exit");
      daemon.kill("SIGTERM");
      await ended;
      // Of containers that are on the host's network; the daemon leaves it mounted.
      spawnSync("umount", [join(folder, "exec/netns/default")], { stdio: "ignore" });
    },
  };
}

export interface ManifestDocument {
  readonly mediaType: string;
  readonly layers: readonly { readonly mediaType: string }[];
}

/** A manifest of an OCI layout. */
export function layoutDocument(layout: string, digest: string): ManifestDocument {
  const path = join(layout, "blobs/sha256", digest.replace("sha256:", ""));
  return JSON.parse(readFileSync(path, "utf8")) as ManifestDocument;
}

function run(command: string, args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}
