import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { TsbuildError, messageOf } from "../../builder/core/errors.ts";
import { thisMachine } from "../isolation/machine.ts";
import { mapperFix } from "../isolation/obstacles.ts";
import type { IdMap, IdMaps } from "../isolation/idmap.ts";
import type { RunPlan } from "../types.ts";

/**
 * With a single id there is one user to be: whoever the image names, outside the process is nobody else than the caller.
 * Inside, a supervisor lets it believe to be that user; it needs a first process of ours to wait for it.
 */
export function planFor(maps: IdMaps | undefined, plan: RunPlan): RunPlan {
  return maps !== undefined && isSingle(maps) ? { ...plan, recordOwners: true, init: true } : plan;
}

function isSingle({ uid, gid }: IdMaps): boolean {
  return uid.length === 1 && uid[0]?.count === 1 && gid.length === 1 && gid[0]?.count === 1;
}

/**
 * Maps the ids of the user namespace that `pid` made. The kernel lets a user map the own id alone, and then only where
 * setgroups(2) is given up (user_namespaces(7)); ranges of /etc/subuid are for newuidmap, which is setuid root.
 */
export function mapIds(pid: number, maps: IdMaps): void {
  const own = isSingle(maps);
  try {
    if (process.getuid?.() === 0 || own) {
      if (process.getuid?.() !== 0) writeFileSync(`/proc/${pid}/setgroups`, "deny");
      writeFileSync(`/proc/${pid}/uid_map`, lines(maps.uid));
      writeFileSync(`/proc/${pid}/gid_map`, lines(maps.gid));
      return;
    }
  } catch (error) {
    throw new TsbuildError("SANDBOX", `Cannot map user ids: ${messageOf(error)}`, { cause: error });
  }
  runMapper("newuidmap", pid, maps.uid);
  runMapper("newgidmap", pid, maps.gid);
}

function lines(maps: readonly IdMap[]): string {
  return maps.map((map) => `${map.inside} ${map.outside} ${map.count}\n`).join("");
}

function runMapper(command: string, pid: number, maps: readonly IdMap[]): void {
  const numbers = maps.flatMap((map) => [map.inside, map.outside, map.count]);
  const result = spawnSync(command, [pid, ...numbers].map(String), { encoding: "utf8" });
  if (result.status === 0) return;
  throw new TsbuildError(
    "SANDBOX",
    `Cannot map user ids: ${command}: ${result.error?.message ?? result.stderr.trim()}`,
    { hint: mapperFix(thisMachine()) },
  );
}
