import { accessSync, constants, readFileSync, statSync, statfsSync } from "node:fs";
import { release } from "node:os";
import { dirname } from "node:path";

/** What levels of isolation are judged by: this process, its kernel's settings, and where the store lies. */
export interface Machine {
  readonly uid: number;
  /** As `uname -r` says it. */
  readonly kernel: string;
  /** The text of a file of /proc; "" where there is none. */
  read(path: string): string;
  /** A program on PATH, and whether it is setuid; undefined where there is none. */
  program(name: string): { readonly setuid: boolean } | undefined;
  /** The type of the store's filesystem (statfs(2)); undefined where it is not known. */
  readonly filesystem: number | undefined;
}

/** The one that this runs on. */
export function thisMachine(store?: string): Machine {
  return {
    uid: process.getuid?.() ?? 0,
    kernel: release(),
    read,
    program,
    filesystem: store === undefined ? undefined : filesystemOf(store),
  };
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function program(name: string): { readonly setuid: boolean } | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(":")) {
    try {
      accessSync(`${folder}/${name}`, constants.X_OK);
      return { setuid: (statSync(`${folder}/${name}`).mode & 0o4000) !== 0 };
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Of the store, or of where it will be made. */
function filesystemOf(path: string): number | undefined {
  try {
    return statfsSync(path).type;
  } catch {
    return path === dirname(path) ? undefined : filesystemOf(dirname(path));
  }
}
