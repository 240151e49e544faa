import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openBuildah, openPodman } from "./containers.ts";
import { openDocker } from "./docker.ts";
import type { Peer, PeerHost } from "./types.ts";

const OPENERS = { docker: openDocker, buildah: openBuildah, podman: openPodman } as const;

/** The builders that are installed and can build here; `missing` is told of the others, and why. */
export async function openPeers(
  host: PeerHost,
  missing: (name: string, why: string) => void,
): Promise<Peer[]> {
  const peers: Peer[] = [];
  const context = join(host.directory, "trial");
  mkdirSync(context, { recursive: true });
  writeFileSync(join(context, "Dockerfile"), "FROM base\nCOPY Dockerfile /\nRUN : > /made\n");
  for (const [name, open] of Object.entries(OPENERS)) {
    const directory = join(host.directory, name);
    mkdirSync(directory);
    let peer: Peer | undefined;
    try {
      peer = await open({ ...host, directory });
      await peer.build({ context, image: "trial" });
      peers.push(peer);
    } catch (error) {
      await peer?.[Symbol.asyncDispose]();
      missing(name, error instanceof Error ? error.message : String(error));
    }
  }
  return peers;
}

/** Takes away what others left mounted below a directory, deepest first: their storage is one of them. */
export async function unmountBelow(directory: string, command: PeerHost["command"]): Promise<void> {
  const points = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((point) => point.startsWith(`${directory}/`));
  for (const point of points.reverse()) await command(["umount", "-l", point]).catch(() => undefined);
}
