import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { helperBinary } from "../../../runtime/helper/binary.ts";
import { compileProfile } from "../../../runtime/seccomp/compile.ts";
import { prebuiltTarget } from "../../../runtime/seccomp/default-filter.ts";
import { RETURN, type SeccompProfile } from "../../../runtime/seccomp/types.ts";
import { projectRoot } from "../../support/project.ts";
import { Rig } from "./rig.ts";

const ENOSYS = 38;

/** A helper for which these system calls are not there, as on an older kernel. */
export async function withoutCalls(directory: string, calls: readonly string[]): Promise<Rig> {
  return Rig.start({ binary: filtered(directory, [{ names: calls, action: RETURN.errno | ENOSYS }]) });
}

/** A program in that directory that is the helper under such a filter. */
export function filtered(directory: string, rules: SeccompProfile["rules"]): string {
  const [program, filter, script] = ["with-filter", "filter", "helper"].map((name) => join(directory, name));
  const source = join(projectRoot, "fixtures/native/with-filter.c");
  const built = spawnSync("cc", ["-static", "-o", `${program}`, source], { encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
  const profile = { defaultAction: RETURN.allow, architectures: [], rules };
  writeFileSync(`${filter}`, compileProfile(profile, prebuiltTarget(process.arch)));
  writeFileSync(`${script}`, `#!/bin/sh\nexec ${program} ${filter} ${helperBinary()} "$@"\n`, {
    mode: 0o755,
  });
  return `${script}`;
}
