import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { nobodyNames, processesNaming } from "../support/processes-naming.ts";
import { emptied, openRig, outcomeOf, saying } from "../support/rig.ts";

test("a build killed in the middle of a RUN leaves no mount, no process and no record", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const marker = `marker-${process.pid}-${Date.now()}`;
  const context = rig.context({
    Dockerfile: `FROM base\nRUN echo first\nRUN echo started; node -e 'setTimeout(() => {}, 1e9)' ${marker}\n`,
  });
  const args = ["build", "-t", "app", "--progress=plain", ...base, context];

  const child = rig.start(args);
  const ended = outcomeOf(child);
  await saying(child, /^#\d+ [\d.]+ started/m);
  assert.ok(processesNaming(marker).length > 0);
  child.kill("SIGKILL");
  assert.equal((await ended).status, 137);

  await nobodyNames(marker);
  await nobodyNames(rig.store);
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(rig.directory), "no mount is left");
  for (const record of readdirSync(join(rig.store, "records"))) {
    const text = readFileSync(join(rig.store, "records", record), "utf8");
    assert.doesNotMatch(text, new RegExp(marker), "the step that was killed has a record");
  }

  rig.context({ Dockerfile: `FROM base\nRUN echo first\nRUN echo finished ${marker}\n` });
  const next = await rig.tsbuild(args);
  assert.equal(next.status, 0, next.stderr);
  assert.match(next.stderr, /RUN echo first\n#\d+ CACHED/);
  await emptied(join(rig.store, "tmp"));
});

test("an interrupted build ends its step, says so and leaves nothing half-made", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({
    Dockerfile: "FROM base\nRUN echo started; node -e 'setTimeout(() => {}, 1e9)'\n",
  });
  const child = rig.start(["build", "-t", "app", "--progress=plain", ...base, context]);
  const ended = outcomeOf(child);
  await saying(child, /^#\d+ [\d.]+ started/m);
  child.kill("SIGINT");
  const { status, stderr } = await ended;
  assert.equal(status, 130, stderr);
  assert.match(stderr, /interrupted/i);
  await emptied(join(rig.store, "tmp"));
});
