import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { withoutTools } from "../support/other-builders.ts";
import { openRig } from "../support/rig.ts";

const missing = withoutTools("busybox", "mount");
const BUSYBOX = "/bin/busybox";

test("a full disk is told of, and leaves a store that goes on", { skip: missing ?? false }, async (t) => {
  await using rig = openRig();
  mkdirSync(rig.store);
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=16m", "none", rig.store]).status !== 0)
    return t.skip("no filesystem can be mounted here");
  try {
    const context = rig.context({ Dockerfile: "FROM scratch\nCOPY busybox /\n" });
    copyFileSync(BUSYBOX, rig.path("context/busybox"));
    const build = ["build", "--progress=plain", "-t", "base"];
    assert.equal((await rig.tsbuild([...build, context])).status, 0);

    const fill = '["/busybox", "dd", "if=/dev/zero", "of=/zeros", "bs=1M", "count=40"]';
    writeFileSync(rig.path("context/Dockerfile"), `FROM base\nRUN ${fill}\n`);
    const step = await rig.tsbuild([...build, context]);
    assert.equal(step.status, 1);
    assert.match(step.stderr, />>> RUN \["\/busybox", "dd"/);
    assert.match(step.stderr, /the command ended with exit code 1\n/);
    assert.match(step.stderr, /hint: a filesystem is full/);

    execFileSync("sh", ["-c", "head -c 20000000 /dev/zero >big"], { cwd: context });
    writeFileSync(rig.path("context/Dockerfile"), "FROM base\nCOPY big /\n");
    const copy = await rig.tsbuild([...build, context]);
    assert.equal(copy.status, 1);
    assert.match(copy.stderr, /error: Cannot write ".*": no space is left on the device\nhint: free space/);

    writeFileSync(rig.path("context/Dockerfile"), 'FROM base\nRUN ["/busybox", "true"]\n');
    assert.equal((await rig.tsbuild([...build, context])).status, 0);
    assert.equal((await rig.tsbuild(["store", "check"])).stdout, "The store is in order\n");
  } finally {
    execFileSync("umount", ["-l", rig.store]);
  }
});
