import { readFileSync } from "node:fs";
import { userInfo } from "node:os";

/** One line of /proc/PID/uid_map: `count` ids from `inside` are those from `outside` of the host (user_namespaces(7)). */
export interface IdMap {
  readonly inside: number;
  readonly outside: number;
  readonly count: number;
}

export interface IdMaps {
  readonly uid: readonly IdMap[];
  readonly gid: readonly IdMap[];
}

/** Images use ids up to 65534 (nobody): fewer than this many subordinate ids is worth a word in `doctor`. */
export const USUAL_IDS = 65536;

/** The user as root of a namespace and, where /etc/subuid and /etc/subgid give some, further ids from 1 on (subuid(5)). */
export function idMaps(): IdMaps {
  const uid = process.getuid?.() ?? 0;
  const gid = process.getgid?.() ?? 0;
  const username = nameOf(uid);
  return {
    uid: [{ inside: 0, outside: uid, count: 1 }, ...subordinate("/etc/subuid", username, uid)],
    gid: [{ inside: 0, outside: gid, count: 1 }, ...subordinate("/etc/subgid", username, uid)],
  };
}

/** Every id that this process's own namespace has, as it is there: for root, who may map them all. */
export function ownIds(): IdMaps {
  return { uid: mapped("/proc/self/uid_map"), gid: mapped("/proc/self/gid_map") };
}

function mapped(file: string): IdMap[] {
  const lines = readFileSync(file, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [inside = 0, , count = 1] = line.trim().split(/\s+/).map(Number);
    return { inside, outside: inside, count };
  });
}

/** A process may run under an id that /etc/passwd does not know: then the number is its only name. */
function nameOf(uid: number): string {
  try {
    return userInfo().username;
  } catch {
    return String(uid);
  }
}

/** How many ids a map has beside the user's own. */
export function subordinateCount(maps: readonly IdMap[]): number {
  return maps.slice(1).reduce((sum, map) => sum + map.count, 0);
}

function subordinate(file: string, username: string, uid: number): IdMap[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return [];
  }
  const maps: IdMap[] = [];
  let inside = 1;
  for (const line of text.split("\n")) {
    const [owner, start, count] = line.trim().split(":");
    if (owner !== username && owner !== String(uid)) continue;
    const map = { inside, outside: Number(start), count: Number(count) };
    if (!Number.isSafeInteger(map.outside) || !Number.isSafeInteger(map.count) || map.count < 1) continue;
    maps.push(map);
    inside += map.count;
  }
  return maps;
}
