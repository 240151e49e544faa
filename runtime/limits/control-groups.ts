import { existsSync, mkdirSync, readdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { randomHex } from "../../builder/core/random.ts";
import { TsbuildError, errnoOf, messageOf } from "../../builder/core/errors.ts";
import { isMissing, isWritable, wordsOf } from "./files.ts";
import { moveToLeaf } from "./leaf.ts";
import { readHierarchies } from "./hierarchies.ts";
import { settingsOf } from "./settings.ts";
import type { Hierarchy, ResourceLimits, Setting } from "./types.ts";

export interface ControlGroupsOptions {
  readonly limits: ResourceLimits;
  /** Below which group ours are made, from the root of each hierarchy; below this process's own where not given. */
  readonly parent?: string | undefined;
  /** Wants a group of version 2 in any case, which devices can be held by (native/container/device_filter.h). */
  readonly devices?: boolean;
  /** /proc/self but in tests. */
  readonly proc?: string;
}

/** The groups of one step or container; disposing removes them. Nothing runs in them any more then. */
export interface OpenGroups extends Disposable {
  readonly directories: readonly string[];
}

/** Makes control groups with limits, one set after the other; knows which limits this machine does not let it set. */
export class ControlGroups {
  /** Controllers that are wanted and not to be had: those limits do not hold. */
  readonly missing: ReadonlySet<Setting["controller"]>;
  readonly #places: readonly { readonly parent: string; readonly settings: readonly Setting[] }[];
  readonly #prefix: string;
  /** A detached container keeps its groups when its maker is gone, and ids of processes are used again. */
  readonly #unique = randomHex(4);
  #count = 0;

  constructor({ limits, parent, devices = false, proc }: ControlGroupsOptions) {
    this.#prefix = `tsbuild-${statSync("/proc/self/ns/pid").ino}-`;
    const hierarchies = readHierarchies(proc);
    const missing = new Set<Setting["controller"]>();
    const places: { parent: string; settings: Setting[] }[] = [];
    const unified = hierarchies.find(({ version }) => version === 2);
    const wanted = new Set(settingsOf(limits, 2).map(({ controller }) => controller));
    const old = [...wanted].filter((one) => hierarchies.some(({ controllers }) => controllers.includes(one)));
    for (const controller of old) {
      const hierarchy = hierarchies.find(({ controllers }) => controllers.includes(controller));
      const place = hierarchy && placeIn(hierarchy, parent);
      const settings = settingsOf(limits, 1).filter((one) => one.controller === controller);
      if (place === undefined || !isWritable(place)) missing.add(controller);
      else places.push({ parent: place, settings });
    }
    const rest = [...wanted].filter((one) => !old.includes(one));
    const leaf = `${this.#prefix}${process.pid}-self`;
    const group = unified && groupFor(unified, parent, rest, leaf);
    for (const controller of rest) if (!group?.controllers.includes(controller)) missing.add(controller);
    const settings = settingsOf(limits, 2).filter((one) => group?.controllers.includes(one.controller));
    const bare = devices && settings.length === 0 ? unified && bareIn(unified, parent) : undefined;
    if (group !== undefined && settings.length > 0) places.push({ parent: group.directory, settings });
    else if (bare !== undefined) places.push({ parent: bare, settings });
    this.missing = missing;
    this.#places = places;
    for (const place of new Set(places.map((one) => one.parent))) this.#sweep(place);
  }

  open(): OpenGroups {
    const made: string[] = [];
    const close = (): void => made.splice(0).forEach(removeGroup);
    try {
      for (const { parent, settings } of this.#places) {
        const directory = join(parent, `${this.#prefix}${process.pid}-${this.#count}-${this.#unique}`);
        // Controllers of version 1 that are mounted together share their group.
        if (!made.includes(directory)) {
          mkdirSync(directory);
          made.push(directory);
        }
        if (settings[0]?.controller === "cpuset") fillCpuset(directory);
        for (const setting of settings) write(directory, setting);
      }
    } catch (cause) {
      close();
      throw new TsbuildError("SANDBOX", `Cannot limit what a step may use: ${messageOf(cause)}`, { cause });
    }
    this.#count += 1;
    return { directories: [...made], [Symbol.dispose]: close };
  }

  /** Removes what processes left that were killed: groups of this pid namespace whose maker is gone. */
  #sweep(parent: string): void {
    for (const name of readdirSync(parent)) {
      if (!name.startsWith(this.#prefix)) continue;
      const [maker = ""] = name.slice(this.#prefix.length).split("-");
      if (existsSync(`/proc/${maker}`)) continue;
      const group = join(parent, name);
      for (const keeper of keepersIn(group)) removeGroup(keeper);
      removeGroup(group);
    }
  }
}

/** What keeps a group while it is empty, of supervisors that are gone (native/container/confine.h). */
function keepersIn(group: string): string[] {
  try {
    return readdirSync(group).flatMap((name) => {
      const [, pid] = /^kept-(\d+)$/.exec(name) ?? [];
      return pid === undefined || existsSync(`/proc/${pid}`) ? [] : [join(group, name)];
    });
  } catch {
    // Somebody else removes it.
    return [];
  }
}

/** Where version 1 has our groups: the limits of a group hold for those below it as well. */
function placeIn({ mountPoint, own }: Hierarchy, parent: string | undefined): string | undefined {
  if (parent === undefined) return own;
  const directory = join(mountPoint, parent);
  try {
    mkdirSync(directory, { recursive: true });
    return directory;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** Version 2: a group whose children may have processes without any controller. */
function bareIn(hierarchy: Hierarchy, parent: string | undefined): string | undefined {
  const place = placeIn(hierarchy, parent);
  return place !== undefined && canHaveGroups(place) ? place : undefined;
}

/** Version 2: what is made below threads, or beside them, takes no processes (cgroups(7)); the root has no type. */
function canHaveGroups(directory: string): boolean {
  const type = wordsOf(join(directory, "cgroup.type")).join(" ");
  return (
    isWritable(directory) && isWritable(join(directory, "cgroup.procs")) && (type === "" || type === "domain")
  );
}

/**
 * Version 2: a group whose children may have these controllers, or as many of them as can be. Only groups without
 * processes have such children, but for the root: so not our own, but the nearest above it that we may write to. Where our
 * own is all that was delegated, as with `systemd-run --user --scope -p Delegate=yes` or as a container's first process, we
 * leave it for a `leaf` of it.
 */
function groupFor(
  { mountPoint, own }: Hierarchy,
  parent: string | undefined,
  wanted: readonly string[],
  leaf: string,
): { directory: string; controllers: readonly string[] } | undefined {
  const candidates = parent === undefined ? upwards(own, mountPoint) : [made(mountPoint, parent, wanted)];
  const usable = candidates.flatMap((directory) =>
    directory !== undefined && canHaveGroups(directory) ? [directory] : [],
  );
  const enabled = (directory: string): string[] => {
    const now = wordsOf(join(directory, "cgroup.subtree_control"));
    return wanted.filter((one) => now.includes(one));
  };
  for (const directory of usable)
    if (enabled(directory).length === wanted.length) return { directory, controllers: wanted };
  let best: { directory: string; controllers: readonly string[] } | undefined;
  for (const directory of usable) {
    enable(directory, wanted);
    const controllers = enabled(directory);
    if (controllers.length > (best?.controllers.length ?? 0)) best = { directory, controllers };
    if (controllers.length === wanted.length) return best;
  }
  const offered = wordsOf(join(own, "cgroup.controllers")).filter((one) => wanted.includes(one));
  const isBetter = parent === undefined && offered.length > (best?.controllers.length ?? 0);
  if (!isBetter || !usable.includes(own) || !moveToLeaf(own, leaf)) return best;
  enable(own, wanted);
  return { directory: own, controllers: enabled(own) };
}

function upwards(from: string, to: string): string[] {
  const found = [from];
  for (let at = from; at !== to && at !== dirname(at); at = dirname(at)) found.push(dirname(at));
  return found;
}

function made(mountPoint: string, parent: string, wanted: readonly string[]): string | undefined {
  let directory = mountPoint;
  try {
    for (const part of parent.split("/").filter(Boolean)) {
      enable(directory, wanted);
      directory = join(directory, part);
      if (!existsSync(directory)) mkdirSync(directory);
    }
    return directory;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** One by one: of several, the kernel takes all or none. */
function enable(directory: string, controllers: readonly string[]): void {
  const offered = wordsOf(join(directory, "cgroup.controllers"));
  const enabled = wordsOf(join(directory, "cgroup.subtree_control"));
  for (const controller of controllers) {
    if (!offered.includes(controller) || enabled.includes(controller)) continue;
    try {
      writeFileSync(join(directory, "cgroup.subtree_control"), `+${controller}`);
    } catch (error) {
      // There are processes in it, or the controller is not given to it.
      if (!isMissing(error) && !["EBUSY", "EOPNOTSUPP", "EINVAL"].includes(errnoOf(error) ?? "")) throw error;
    }
  }
}

/** A cpuset of version 1 takes no process before it has processors and memory nodes. */
function fillCpuset(directory: string): void {
  if (!existsSync(join(directory, "cpuset.cpu_exclusive"))) return;
  for (const name of ["cpuset.cpus", "cpuset.mems"])
    writeFileSync(join(directory, name), wordsOf(join(dirname(directory), name)).join(","));
}

function write(directory: string, { file, value, optional }: Setting): void {
  try {
    writeFileSync(join(directory, file), value);
  } catch (error) {
    if (!(optional && isMissing(error))) throw error;
  }
}

function removeGroup(directory: string): void {
  try {
    rmdirSync(directory);
  } catch {
    // A process in it that is not reaped yet keeps it: the next one that makes groups here removes it.
  }
}
