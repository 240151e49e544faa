import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMissing } from "./files.ts";
import type { Hierarchy } from "./types.ts";

/** The hierarchies of control groups that are mounted here; `proc` is /proc/self but in tests. */
export function readHierarchies(proc = "/proc/self"): Hierarchy[] {
  const groups = new Map<string, string>();
  for (const line of read(join(proc, "cgroup")).split("\n")) {
    // hierarchy-ID:controller-list:cgroup-path, the path with colons as they come (cgroups(7)).
    const [, controllers, path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(",")) groups.set(controller, path);
  }
  return read(join(proc, "mountinfo"))
    .split("\n")
    .flatMap((line) => hierarchyOf(line, groups));
}

/** One line of mountinfo: ID parent device root mount-point options … - type source super-options (proc(5)). */
function hierarchyOf(line: string, groups: ReadonlyMap<string, string>): Hierarchy[] {
  const [mount = "", filesystem = ""] = line.split(" - ");
  const [, , , root = "/", point = ""] = mount.split(" ").map(unescaped);
  const [type, , options = ""] = filesystem.split(" ");
  if (type !== "cgroup" && type !== "cgroup2") return [];
  const controllers = type === "cgroup2" ? [] : options.split(",").filter((option) => groups.has(option));
  const path = groups.get(controllers[0] ?? "");
  if (path === undefined || (type === "cgroup" && controllers.length === 0)) return [];
  const base = root === "/" ? "" : root;
  // Where the mount shows another part of the hierarchy, its root is all that can be used.
  const inside = path.startsWith(`${base}/`) ? path.slice(base.length) : "/";
  return [
    { version: type === "cgroup2" ? 2 : 1, mountPoint: point, own: join(point, inside, "."), controllers },
  ];
}

function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return "";
    throw error;
  }
}
