import { spawnSync } from "node:child_process";
import { projectRoot } from "./project.ts";

/**
 * Compiles the helpers that come with the package, once for all tests: npm does it whenever it packs. One process at a time, as
 * each would write the same files. Gives what the compiler said where it failed.
 */
export function prebuild(): string | undefined {
  const { status, stderr } = spawnSync("flock", ["native", "sh", ".ci/prebuild"], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  return status === 0 ? undefined : stderr;
}
