import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { confinementHint } from "../../../runtime/isolation/confined.ts";
import { compileProfile } from "../../../runtime/seccomp/compile.ts";
import { prebuiltTarget } from "../../../runtime/seccomp/default-filter.ts";
import { DEFAULT_PROFILE } from "../../../runtime/seccomp/default-profile.ts";
import { ordinaryUser } from "../../support/ordinary-user.ts";
import { projectRoot } from "../../support/project.ts";

const user = ordinaryUser();

test("confinementHint() speaks of a filter only where there is one", () => {
  assert.equal(confinementHint("Name:\tnode\nSeccomp:\t0\n"), undefined);
  assert.match(confinementHint("Name:\tnode\nSeccomp:\t2\n") ?? "", /seccomp=unconfined/);
});

test(
  "doctor names the setting that a container's filter stands in the way of",
  { skip: "missing" in user && user.missing },
  () => {
    if ("missing" in user) return;
    const directory = user.directory("confined");
    const [program, filter] = [join(directory, "with-filter"), join(directory, "filter")];
    const built = spawnSync("cc", [
      "-static",
      "-o",
      program,
      join(projectRoot, "fixtures/native/with-filter.c"),
    ]);
    assert.equal(built.status, 0, String(built.stderr));
    writeFileSync(
      filter,
      compileProfile(DEFAULT_PROFILE, { ...prebuiltTarget(process.arch), capabilities: [] }),
    );
    const cli = join(user.fixture(".."), "dist/bin/tsbuild.cjs");
    const argv = [program, filter, process.execPath, cli, "doctor"];
    const { status, output } = user.run(argv, { TSBUILD_ROOT: join(directory, "store"), HOME: directory });
    assert.equal(status, 1, output);
    assert.match(
      output,
      /problem.*namespace: Operation not permitted\n.*fix:.*--security-opt seccomp=unconfined/,
    );
  },
);
