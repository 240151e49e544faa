import { subordinateCount, type IdMaps } from "./idmap.ts";
import type { Machine } from "./machine.ts";

/** What stands in the way of the next better level, and the exact setting that would allow it. */
export interface Obstacle {
  readonly what: string;
  readonly fix: string;
}

/** Root without the capability that namespaces need. */
export const NOT_ADMIN: Obstacle = {
  what: "root here has no CAP_SYS_ADMIN: steps run in a user namespace",
  fix: "start the container with --privileged (docker, podman) or securityContext.privileged: true (Kubernetes)",
};

/** Who may not even change the root directory. */
export const NOT_ROOT: Obstacle = {
  what: "this process is not root with CAP_SYS_CHROOT: steps cannot run by chroot",
  fix: "in a container: start it as root, with its default capabilities (docker run --user 0, securityContext.runAsUser: 0)",
};

/** linux/magic.h: filesystems that can be no upper layer of an overlay. */
const OVERLAYFS = 0x794c7630;
const NFS = 0x6969;

/** Why no overlay can be mounted over files of the store. */
export function overlayObstacle({ filesystem }: Machine): Obstacle | undefined {
  if (filesystem !== OVERLAYFS && filesystem !== NFS) return undefined;
  const where = filesystem === NFS ? "NFS" : "an overlay filesystem, a container's own";
  return {
    what: `the store lies on ${where}, over which no overlay can be mounted`,
    fix: "put the store on a volume (docker run -v tsbuild:/var/lib/tsbuild, or an emptyDir) or set TSBUILD_ROOT to a local disk",
  };
}

/** Why nobody but root may make a user namespace. */
export function userNamespaceObstacle({ read }: Machine): Obstacle | undefined {
  const settings: readonly (readonly [file: string, blocks: string, setting: string])[] = [
    ["/proc/sys/user/max_user_namespaces", "0", "sysctl user.max_user_namespaces=65536"],
    ["/proc/sys/kernel/unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"],
    [
      "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
      "1",
      "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ],
  ];
  for (const [file, blocks, setting] of settings) {
    if (read(file).trim() === blocks)
      return { what: `${file} is ${blocks}: no user namespace may be made`, fix: `as root: ${setting}` };
  }
  return undefined;
}

/** Why a user namespace of an ordinary user has a single id. */
export function subordinateObstacles(machine: Machine, maps: IdMaps): Obstacle[] {
  const missing: Obstacle[] = [];
  if (subordinateCount(maps.uid) === 0 || subordinateCount(maps.gid) === 0) {
    missing.push({
      what: "this user has no subordinate ids in /etc/subuid and /etc/subgid",
      fix: `as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"`,
    });
  }
  if (machine.program("newuidmap") === undefined || machine.program("newgidmap") === undefined) {
    missing.push({
      what: "newuidmap and newgidmap are not installed",
      fix: "as root: apt-get install -y uidmap",
    });
  } else if (/^NoNewPrivs:\s*1$/m.test(machine.read("/proc/self/status"))) {
    missing.push({
      what: "newuidmap and newgidmap cannot gain privileges: this process has no_new_privs",
      fix: "start the container without --security-opt no-new-privileges (docker, podman) or with securityContext.allowPrivilegeEscalation: true (Kubernetes)",
    });
  }
  return missing;
}

/** What makes newuidmap work that is there and refused. */
export function mapperFix(machine: Machine): string {
  return machine.program("newuidmap")?.setuid === true
    ? "as root: give the user ranges that are its own alone in /etc/subuid and /etc/subgid"
    : "as root: chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap";
}

/** What an old kernel lacks of what a user namespace needs. */
export function kernelObstacle({ kernel }: Machine, level: string): Obstacle | undefined {
  const [major = 0, minor = 0] = kernel.split(".").map((part) => Number.parseInt(part, 10));
  const isBefore = (wanted: number): boolean => major < 5 || (major === 5 && minor < wanted);
  if (isBefore(11))
    return {
      what: `the kernel is ${kernel}: overlay filesystems in a user namespace need Linux 5.11`,
      fix: "build as root, or on a newer kernel",
    };
  if (level === "single" && isBefore(14))
    return {
      what: `the kernel is ${kernel}: owners of new files are recorded since Linux 5.14`,
      fix: "give the user subordinate ids (package uidmap), or use a newer kernel",
    };
  return undefined;
}
