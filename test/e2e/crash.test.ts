import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, outcomeOf } from "../support/rig.ts";

test("a build killed in the middle of a RUN leaves no mount, no process and no record", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const marker = `marker-${process.pid}-${Date.now()}`;
  const context = rig.context({
    Dockerfile: `FROM base\nRUN echo first\nRUN echo started; node -e 'setTimeout(() => {}, 1e9)' ${marker}\n`,
  });
  const args = ["build", "-t", "app", "--progress=plain", ...base, context];
  const mounts = readFileSync("/proc/self/mounts", "utf8");

  const child = rig.start(args);
  const ended = outcomeOf(child);
  await new Promise<void>((resolve) => {
    let seen = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      seen += chunk.toString();
      if (/^#\d+ [\d.]+ started/m.test(seen)) resolve();
    });
  });
  assert.ok(processes(marker).length > 0);
  child.kill("SIGKILL");
  assert.equal((await ended).status, 137);

  await until(() => processes(marker).length === 0);
  await until(() => processes(rig.store).length === 0);
  assert.equal(readFileSync("/proc/self/mounts", "utf8"), mounts);
  for (const record of readdirSync(join(rig.store, "records"))) {
    const text = readFileSync(join(rig.store, "records", record), "utf8");
    assert.doesNotMatch(text, new RegExp(marker), "the step that was killed has a record");
  }

  rig.context({ Dockerfile: `FROM base\nRUN echo first\nRUN echo finished ${marker}\n` });
  const next = await rig.tsbuild(args);
  assert.equal(next.status, 0, next.stderr);
  assert.match(next.stderr, /RUN echo first\n#\d+ CACHED/);
  assert.deepEqual(readdirSync(join(rig.store, "tmp")), [], "what the killed build left was swept");
});

test("an interrupted build ends its step, says so and leaves nothing half-made", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({
    Dockerfile: "FROM base\nRUN echo started; node -e 'setTimeout(() => {}, 1e9)'\n",
  });
  const child = rig.start(["build", "-t", "app", "--progress=plain", ...base, context]);
  const ended = outcomeOf(child);
  child.stderr?.on("data", (chunk: Buffer) => {
    if (/ started/.test(chunk.toString())) child.kill("SIGINT");
  });
  const { status, stderr } = await ended;
  assert.equal(status, 130, stderr);
  assert.match(stderr, /interrupted/i);
  assert.deepEqual(readdirSync(join(rig.store, "tmp")), []);
});

/** Command lines that hold a text. */
function processes(text: string): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || pid === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(text);
    } catch {
      return false;
    }
  });
}

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition(); tries++) {
    assert.ok(tries < 500, "what was killed is still there after five seconds");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
