import { execFileSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { makeBaseImage } from "../../fixtures/base-image.ts";
import type { Rig } from "../support/rig.ts";

export const BUSYBOX = ["/bin/busybox", "/usr/bin/busybox"].find((path) => existsSync(path));
/** Whom npm trusts here. */
const AUTHORITIES = process.env["NODE_EXTRA_CA_CERTS"] ?? "/etc/ssl/certs/ca-certificates.crt";

const DOCKERFILE = `FROM scratch AS alpine
COPY bin/ /bin/
ENV PATH=/bin
CMD ["sh"]

FROM alpine AS nginx
COPY Dockerfile /www/index.html
CMD ["httpd", "-f", "-v", "-p", "80", "-h", "/www"]
`;

/**
 * The command lines that put what Docker Hub has in the documentation into a registry: busybox under other names, and this
 * machine's under the names of other platforms.
 */
export function standIns(rig: Rig, host: string): readonly (readonly string[])[] {
  const context = rig.context({ Dockerfile: DOCKERFILE }, "stand-ins");
  mkdirSync(join(context, "bin"));
  copyFileSync(BUSYBOX ?? "", join(context, "bin/busybox"));
  for (const name of output(BUSYBOX ?? "", "--list").split("\n"))
    if (name !== "busybox") symlinkSync("busybox", join(context, "bin", name));
  const names = (...images: string[]): string[] =>
    images.flatMap((name) => ["-t", `${host}/library/${name}`]);
  const platforms = ["--platform", "linux/amd64,linux/arm64"];
  return [
    ["-q", "--push", ...platforms, "--target=alpine", ...names("alpine", "debian:12"), context],
    ["-q", "--push", ...names("nginx"), context],
  ];
}

/** The same for node:22-slim: this machine's node and npm, which asks the registry that npm asks here. */
export async function nodeStandIn(rig: Rig, host: string): Promise<readonly string[]> {
  const dockerfile = `FROM node-base
COPY npm /usr/lib/node_modules/npm
COPY npmrc authorities.pem /usr/etc/
COPY busybox /bin/
RUN busybox ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/bin/npm && busybox ln -s ../../bin/busybox /usr/bin/env
ENV NODE_EXTRA_CA_CERTS=/usr/etc/authorities.pem
`;
  const npmrc = `registry=${output("npm", "config", "get", "registry")}\ncafile=/usr/etc/authorities.pem\n`;
  const context = rig.context({ Dockerfile: dockerfile, npmrc }, "node");
  copyFileSync(BUSYBOX ?? "", join(context, "busybox"));
  copyFileSync(AUTHORITIES, join(context, "authorities.pem"));
  const npm = dirname(dirname(realpathSync(output("sh", "-c", "command -v npm"))));
  cpSync(npm, join(context, "npm"), { recursive: true });
  const base = rig.path("node-base");
  await makeBaseImage(base, "node-base");
  const named = ["--build-context", `node-base=oci-layout://${base}`];
  return ["-q", "--push", ...named, "-t", `${host}/library/node:22-slim`, context];
}

function output(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
}
