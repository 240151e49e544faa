import { accessSync, constants, readFileSync } from "node:fs";
import { idMaps, ownIds, subordinateCount, type IdMaps } from "./idmap.ts";

/** What stands in the way of the next better level, and the exact setting that would allow it. */
export interface Obstacle {
  readonly what: string;
  readonly fix: string;
}

/**
 * What this process may do, from best to least (DESIGN: probed, never configured). "root": namespaces made as root.
 * "user": a user namespace with subordinate ids. "single": one with the user's own id alone. "chroot": no namespaces, but
 * another root directory. "none": nothing.
 */
export interface Isolation {
  readonly level: "root" | "user" | "single" | "chroot" | "none";
  readonly idMaps?: IdMaps;
  readonly missing: readonly Obstacle[];
}

const CAPABILITY = { SETGID: 6n, SETUID: 7n, SYS_CHROOT: 18n, SYS_ADMIN: 21n } as const;

const NOT_ADMIN: Obstacle = {
  what: "root here has no CAP_SYS_ADMIN: steps run in a user namespace",
  fix: "start the container with --cap-add=SYS_ADMIN and --security-opt apparmor=unconfined",
};

/**
 * The levels that may work here, the best one first: looks at the process and the kernel's settings, makes nothing and
 * starts nothing.
 */
export function isolationLevels(): readonly Isolation[] {
  const root = process.getuid?.() === 0;
  if (root && holds("SYS_ADMIN")) return [{ level: "root", missing: [] }];
  const blocked = userNamespacesBlocked();
  const levels = blocked === undefined ? [inUserNamespace(root)] : [];
  const missing = blocked === undefined ? [] : [blocked];
  if (root && holds("SYS_CHROOT")) return [...levels, { level: "chroot", missing }];
  return levels.length > 0 ? levels : [{ level: "none", missing }];
}

/** The best of them, untried. */
export function probeIsolation(): Isolation {
  return isolationLevels()[0] ?? { level: "none", missing: [] };
}

function inUserNamespace(root: boolean): Isolation {
  if (root && holds("SETUID") && holds("SETGID"))
    return { level: "user", idMaps: ownIds(), missing: [NOT_ADMIN] };
  const maps = idMaps();
  const missing = subordinateProblems(maps);
  if (missing.length === 0) return { level: "user", idMaps: maps, missing };
  const own = { uid: maps.uid.slice(0, 1), gid: maps.gid.slice(0, 1) };
  return { level: "single", idMaps: own, missing };
}

function subordinateProblems(maps: IdMaps): Isolation["missing"][number][] {
  const missing: Isolation["missing"][number][] = [];
  if (subordinateCount(maps.uid) === 0 || subordinateCount(maps.gid) === 0) {
    missing.push({
      what: "this user has no subordinate ids in /etc/subuid and /etc/subgid",
      fix: `as root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 "$USER"`,
    });
  }
  if (!onPath("newuidmap") || !onPath("newgidmap")) {
    missing.push({
      what: "newuidmap and newgidmap are not installed",
      fix: "as root: apt-get install -y uidmap",
    });
  }
  return missing;
}

function userNamespacesBlocked(): Isolation["missing"][number] | undefined {
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

function holds(capability: keyof typeof CAPABILITY): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(read("/proc/self/status"));
  return (BigInt(`0x${line?.[1] ?? "0"}`) & (1n << CAPABILITY[capability])) !== 0n;
}

function onPath(command: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => {
    try {
      accessSync(`${folder}/${command}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
