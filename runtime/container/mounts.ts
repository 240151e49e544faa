import { existsSync, mkdirSync } from "node:fs";
import { join, posix } from "node:path";
import { TsbuildError } from "../../builder/core/errors.ts";
import type { MountFlags, MountSpec } from "../types.ts";
import { volumeMount } from "./volumes.ts";

/** What --tmpfs, --mount and `-v DIRECTORY` ask for; targets are absolute. */
export type ContainerMount =
  | { readonly type: "bind"; readonly target: string; readonly source: string; readonly readonly: boolean }
  | {
      readonly type: "tmpfs";
      readonly target: string;
      readonly mode: number;
      readonly size?: number;
      readonly flags: MountFlags;
    }
  /** Without a name: it begins with what the image has there, and goes with the container. */
  | { readonly type: "volume"; readonly target: string; readonly readonly: boolean };

export interface MountRequest {
  /** -v HOST:CONTAINER[:ro] */
  readonly volumes: readonly string[];
  readonly mounts: readonly ContainerMount[];
  /** Paths of the image's Volumes; what the user mounts goes before them. */
  readonly imageVolumes: readonly string[];
}

interface MountPlaces {
  readonly lowers: readonly string[];
  /** Of the container; made when the mounts are. */
  readonly directory: string;
  readonly synced: boolean;
}

/** All that is mounted over the root filesystem; what lies deeper comes later. */
export function containerMounts(
  { volumes, mounts, imageVolumes }: MountRequest,
  places: MountPlaces,
): MountSpec[] {
  let count = 0;
  const kept = (mount: { readonly target: string; readonly readonly: boolean }): MountSpec =>
    keptVolume(mount, places, String(count++));
  const asked = [
    ...volumes.map(volumeMount),
    ...mounts.map((mount) => (mount.type === "volume" ? kept(mount) : specOf(mount))),
  ];
  const taken = new Set<string>();
  for (const { target } of asked) {
    const path = posix.resolve(target);
    if (path === "/") throw new TsbuildError("USAGE", "Cannot mount on /: that is the image");
    if (taken.has(path)) throw new TsbuildError("USAGE", `Cannot mount on ${target}: two mounts name it`);
    taken.add(path);
  }
  const own = imageVolumes
    .map((path) => posix.resolve("/", path))
    .filter((path) => path !== "/" && !taken.has(path))
    .map((target) => kept({ target, readonly: false }));
  return [...own, ...asked].sort((a, b) => depth(a.target) - depth(b.target));
}

function specOf(mount: Exclude<ContainerMount, { type: "volume" }>): MountSpec {
  if (mount.type === "tmpfs") return mount;
  const { source, target, readonly } = mount;
  if (!existsSync(source))
    throw new TsbuildError("USAGE", `Cannot mount ${source}: there is no such file or directory`, {
      hint: "-v makes a directory that is missing, --mount does not",
    });
  return { type: "bind", target, source, recursive: true, flags: { readonly } };
}

/** The image's directory with an upper directory of its own: nothing is copied. */
function keptVolume(
  { target, readonly }: { readonly target: string; readonly readonly: boolean },
  { lowers, directory, synced }: MountPlaces,
  name: string,
): MountSpec {
  const own = join(directory, "volumes", name);
  const kept = { upper: join(own, "fs"), work: join(own, "work"), synced };
  return { type: "layers", target, source: target, lowers, kept, flags: { readonly } };
}

/** Makes the directories that volumes keep what is written in. */
export function makeVolumes(mounts: readonly MountSpec[]): void {
  for (const mount of mounts)
    if (mount.type === "layers" && mount.kept !== undefined) mkdirSync(mount.kept.upper, { recursive: true });
}

function depth(target: string): number {
  return target.split("/").filter(Boolean).length;
}
