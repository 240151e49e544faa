import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import type { MountSpec } from "../../../runtime/types.ts";
import type { Rig } from "./rig.ts";

/** A secret in a tree without mounts, and a cache of which the directory is moved there. */
export function heldMounts(rig: Rig): MountSpec[] {
  mkdirSync(rig.path("cache/data"), { recursive: true });
  writeFileSync(rig.path("cache/data/kept"), "kept");
  const [target, mode, flags] = ["/run/secrets/s", 0o400, {}];
  return [
    { type: "dev", target: "/dev", shmSize: 0 },
    { type: "file", target, data: Buffer.from("hush"), mode, uid: 0, gid: 0, flags },
    { type: "bind", target: "/var/cache/c", source: rig.path("cache/data"), recursive: false, flags },
  ];
}

/** Processes that have this in their environment. */
export function marked(mark: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, "latin1").includes(mark);
    } catch {
      return false;
    }
  });
}
