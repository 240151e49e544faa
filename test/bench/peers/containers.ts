import type { Peer, PeerHost } from "./types.ts";
import { join } from "node:path";

/** What buildah and podman are both told: storage of their own, and a registry without TLS. */
function storage(directory: string): string[] {
  return [
    "--root",
    join(directory, "root"),
    "--runroot",
    join(directory, "run"),
    "--storage-driver",
    "overlay",
  ];
}

/** buildah. Steps run in chroot where its runtime cannot start a container here. */
export async function openBuildah(host: PeerHost): Promise<Peer> {
  const buildah = (...args: string[]): Promise<string> =>
    host.command(["buildah", ...storage(host.directory), ...args]);
  const version = (await buildah("--version")).trim();
  await buildah("pull", "-q", `docker-archive:${host.baseArchive}`);
  return {
    name: "buildah",
    version,
    async build({ context, image, noCache }) {
      const flags = ["--isolation=chroot", "--layers", ...(noCache === true ? ["--no-cache"] : [])];
      await buildah("bud", "-q", ...flags, "-t", image, context);
    },
    push: async (image, reference) =>
      void (await buildah("push", "-q", "--tls-verify=false", image, `docker://${reference}`)),
    pull: async (reference) => void (await buildah("pull", "-q", "--tls-verify=false", reference)),
    remove: async (reference) => void (await buildah("rmi", "-f", reference)),
    save: async (image, path) => void (await buildah("push", "-q", image, `docker-archive:${path}`)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** podman, which builds with buildah's code, and runs. */
export async function openPodman(host: PeerHost): Promise<Peer> {
  // The limits that it gives a container by default are above those of an unprivileged machine.
  const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
  const podman = (...args: string[]): Promise<string> =>
    host.command([
      "podman",
      ...storage(host.directory),
      "--cgroup-manager=cgroupfs",
      "--events-backend=none",
      "--runtime=runc",
      ...args,
    ]);
  const version = (await podman("--version")).trim();
  await podman("load", "-q", "-i", host.baseArchive);
  return {
    name: "podman",
    version,
    async build({ context, image, noCache }) {
      const flags = ["--isolation=chroot", "--layers", ...(noCache === true ? ["--no-cache"] : [])];
      await podman("build", "-q", ...flags, "-t", image, context);
    },
    push: async (image, reference) =>
      void (await podman("push", "-q", "--tls-verify=false", image, `docker://${reference}`)),
    pull: async (reference) => void (await podman("pull", "-q", "--tls-verify=false", reference)),
    remove: async (reference) => void (await podman("rmi", "-f", reference)),
    save: async (image, path) => void (await podman("save", "-q", "-o", path, image)),
    run: async (image) => void (await podman("run", "--rm", "--network=host", ...limits, image, "true")),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
