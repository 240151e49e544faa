import { idMaps, ownIds, type IdMaps } from "./idmap.ts";
import { thisMachine, type Machine } from "./machine.ts";
import {
  NOT_ADMIN,
  overlayObstacle,
  subordinateObstacles,
  userNamespaceObstacle,
  type Obstacle,
} from "./obstacles.ts";

/**
 * What this process may do, from best to least (DESIGN: probed, never configured). "root": namespaces made as root.
 * "user": a user namespace with subordinate ids. "single": one with the user's own id alone. "chroot": no namespaces, but
 * another root directory. "none": nothing.
 */
export interface Isolation {
  readonly level: "root" | "user" | "single" | "chroot" | "none";
  readonly idMaps?: IdMaps;
  /** What stands in the way of better levels, the nearest first. */
  readonly missing: readonly Obstacle[];
}

const CAPABILITY = { SETGID: 6n, SETUID: 7n, SYS_CHROOT: 18n, SYS_ADMIN: 21n } as const;

/**
 * The levels that may work here, the best one first, never none: looks at the process and the kernel's settings, makes
 * nothing and starts nothing.
 */
export function isolationLevels(machine: Machine = thisMachine()): readonly [Isolation, ...Isolation[]] {
  const root = machine.uid === 0;
  const overlay = overlayObstacle(machine);
  if (root && overlay === undefined && holds(machine, "SYS_ADMIN")) return [{ level: "root", missing: [] }];
  const blocked = overlay ?? userNamespaceObstacle(machine);
  const missing = blocked === undefined ? [] : [blocked];
  const chroot: Isolation[] = root && holds(machine, "SYS_CHROOT") ? [{ level: "chroot", missing }] : [];
  const [best, ...lesser] = blocked === undefined ? inUserNamespace(machine) : [];
  if (best !== undefined) return [best, ...lesser, ...chroot];
  return [chroot[0] ?? { level: "none", missing }];
}

/** The best of them, untried. */
export function probeIsolation(): Isolation {
  return isolationLevels()[0];
}

function inUserNamespace(machine: Machine): Isolation[] {
  if (machine.uid === 0 && holds(machine, "SETUID") && holds(machine, "SETGID"))
    return [{ level: "user", idMaps: ownIds(), missing: [NOT_ADMIN] }];
  const maps = idMaps();
  const missing = subordinateObstacles(machine, maps);
  const own = { uid: maps.uid.slice(0, 1), gid: maps.gid.slice(0, 1) };
  const single: Isolation = { level: "single", idMaps: own, missing };
  return missing.length > 0 ? [single] : [{ level: "user", idMaps: maps, missing }, single];
}

function holds({ read }: Machine, capability: keyof typeof CAPABILITY): boolean {
  const line = /^CapEff:\s*([0-9a-f]+)$/m.exec(read("/proc/self/status"));
  return (BigInt(`0x${line?.[1] ?? "0"}`) & (1n << CAPABILITY[capability])) !== 0n;
}
