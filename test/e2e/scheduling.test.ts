import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { emptied, openRig, outcomeOf, saying } from "../support/rig.ts";

/** RUN of a script of node in a stage of its own, with a directory /c that all stages share. */
function stage(name: string, script: string): string {
  return `FROM base AS ${name}\nRUN --mount=type=cache,target=/c node -e '${script}'\n`;
}

function ending(...stages: readonly string[]): string {
  return `FROM scratch\n${stages.map((name) => `COPY --from=${name} /etc/passwd /${name}\n`).join("")}`;
}

const SLEEP = `console.log("asleep"); setTimeout(() => {}, 1e9)`;

test("the first step that fails ends those beside it, and what they said is seen", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const sleeper = `fs.writeFileSync("/c/begun", ""); ${SLEEP}`;
  const failing = `const t = setInterval(() => fs.existsSync("/c/begun") && process.exit(7), 5)`;
  const context = rig.context({
    Dockerfile: stage("one", sleeper) + stage("two", failing) + ending("one", "two"),
  });
  const { status, stderr } = await rig.tsbuild(["build", "--jobs", "2", ...base, context]);
  assert.equal(status, 1, stderr);
  assert.match(stderr, /asleep/);
  assert.match(stderr, /\[one 2\/2\] RUN[^]*CANCELED/);
  assert.match(stderr, /exit code 7/);
  await emptied(join(rig.store, "tmp"));
});

test("an interrupt ends the steps of all stages and leaves the store in order", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  // Steps that are equal would be one.
  const names = ["one", "two", "three"];
  const context = rig.context({
    Dockerfile: names.map((name) => stage(name, `"${name}"; ${SLEEP}`)).join("") + ending(...names),
  });
  const child = rig.start(["build", "--jobs", "3", "--progress=rawjson", ...base, context]);
  const ended = outcomeOf(child);
  await saying(child, /("step-output"[^]*){3}/);
  child.kill("SIGINT");
  const { status, stderr } = await ended;
  assert.equal(status, 130, stderr);
  const check = await rig.tsbuild(["store", "check"]);
  assert.equal(check.status, 0, check.stdout);
});

test("--jobs 1 runs one step at a time", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  // Two at once could not both make the directory.
  const alone = `fs.mkdirSync("/c/alone"); setTimeout(() => fs.rmdirSync("/c/alone"), 50)`;
  const names = ["one", "two", "three"];
  const context = rig.context({
    Dockerfile: names.map((name) => stage(name, `"${name}"; ${alone}`)).join("") + ending(...names),
  });
  const { status, stderr } = await rig.tsbuild(["build", "--jobs", "1", ...base, context]);
  assert.equal(status, 0, stderr);
});
