import { execFileSync } from "node:child_process";
import { prebuild } from "../support/prebuild.ts";
import { projectRoot } from "../support/project.ts";

/** Packages are linked, as npm writes none in place, but for its own list of them. */
const SCRIPT = `mkdir "$1"
git ls-files -zco --exclude-standard | while IFS= read -r -d '' file; do [ ! -e "$file" ] || printf '%s\\0' "$file"; done |
  tar --null --files-from - --create | tar --extract --directory "$1"
cp -alH node_modules "$1" 2>/dev/null || { rm -rf "$1/node_modules"; cp -aH node_modules "$1"; }
# Newer than package-lock.json, which is how .ci/setup knows that there is nothing to install.
rm "$1/node_modules/.package-lock.json"
cp node_modules/.package-lock.json "$1/node_modules"
cp -a dist "$1"
# Nobody compiles the helper meanwhile.
flock native cp -a --parents native/build native/prebuilt "$1"`;

/**
 * Makes a clone of this repository, of the files as they are now. It has what npm installed and what was compiled, so that
 * commands in it find little to do: `.ci/setup` does all of it anew wherever a fresh clone is tested.
 */
export function cloneProject(directory: string): void {
  // Made here, it is up to date in the clone. Where it cannot be made, packing says why.
  prebuild();
  execFileSync("bash", ["-ec", SCRIPT, "clone", directory], { cwd: projectRoot });
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
