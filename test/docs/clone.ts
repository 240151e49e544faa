import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../support/project.ts";

/**
 * Makes a clone of this repository, of the files as they are now. It has what npm installed and what was compiled, so that
 * commands in it find little to do: `.ci/setup` does all of it anew wherever a fresh clone is tested.
 */
export function cloneProject(directory: string): void {
  // Once for all who pack it: made here, it is up to date in the clone. Where it cannot be made, packing says why.
  spawnSync("sh", [".ci/prebuild"], { cwd: projectRoot, stdio: "ignore" });
  const script = `mkdir "$1"
git ls-files -zco --exclude-standard | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\\0' "$file"; done |
  tar --null --files-from - --create | tar --extract --directory "$1"`;
  execFileSync("bash", ["-ec", script, "clone", directory], { cwd: projectRoot });
  for (const made of ["node_modules", "dist", "native/build", "native/prebuilt"]) {
    const from = join(projectRoot, made);
    if (existsSync(from)) execFileSync("cp", ["-aH", from, join(directory, made)]);
  }
  // Newer than package-lock.json, which is how .ci/setup knows that there is nothing to install.
  execFileSync("touch", [join(directory, "node_modules/.package-lock.json")]);
}

/** The environment in which npm asks whom it asks here, and puts what is for the whole machine below `prefix`. */
export function npmEnvironment(prefix: string): Readonly<Record<string, string>> {
  const authorities = process.env["NODE_EXTRA_CA_CERTS"];
  return {
    npm_config_prefix: prefix,
    npm_config_globalconfig: get("globalconfig"),
    npm_config_userconfig: get("userconfig"),
    ...(authorities === undefined ? {} : { NODE_EXTRA_CA_CERTS: authorities }),
  };
}

function get(name: string): string {
  return execFileSync("npm", ["config", "get", name], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
}
