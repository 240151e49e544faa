import { existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

/** A folder for PATH with these programs alone, where this machine has them; newuidmap and newgidmap are in it too. */
export function pathWith(directory: string, programs: readonly string[]): string {
  const folder = join(directory, `only-${programs.join("-")}`);
  if (existsSync(folder)) return folder;
  mkdirSync(folder);
  for (const program of [...programs, "newuidmap", "newgidmap"]) {
    const path = (process.env["PATH"] ?? "").split(":").map((one) => join(one, program));
    const found = path.find((one) => existsSync(one));
    if (found !== undefined) symlinkSync(found, join(folder, program));
  }
  return folder;
}

/** Why a program that connects networks cannot be tried; false where it can. */
export function missingTool(name: string): string | false {
  const folders = (process.env["PATH"] ?? "").split(":");
  return folders.some((folder) => existsSync(join(folder, name))) ? false : `${name} is not installed`;
}
