import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { nobodyNames } from "../support/processes-naming.ts";
import { emptied, openRig, outcomeOf } from "../support/rig.ts";

/** TSBUILD_STRESS_SECONDS: how long; TSBUILD_STRESS_SEED: which course of events. */
const SECONDS = Number(process.env["TSBUILD_STRESS_SECONDS"] ?? 8);
const SEED = Number(process.env["TSBUILD_STRESS_SEED"] ?? 1);
const BUILDERS = 8;

/** Numbers below `below`, the same for the same seed (Numerical Recipes' generator). */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test(`8 builds at once on one store, killed at random for ${SECONDS} s (seed ${SEED}), leave it valid`, async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const contexts = [0, 1, 2, 3].map((number) =>
    rig.context(
      {
        Dockerfile: `FROM base AS one
COPY same /same
RUN --mount=type=cache,id=shared,target=/cache echo ${number} > /cache/${number}; echo ${number % 2} > /half
FROM base
COPY --from=one /half /half
COPY own /own
RUN echo own > /last
`,
        same: "the same for all",
        own: String(number),
      },
      `context-${number}`,
    ),
  );
  const end = Date.now() + SECONDS * 1000;
  const counts = { built: 0, killed: 0, pruned: 0 };
  const build = async (worker: number): Promise<void> => {
    const next = random(SEED * 1000 + worker);
    while (Date.now() < end) {
      const number = next(contexts.length);
      const flags = next(4) === 0 ? ["--no-cache"] : next(4) === 0 ? ["--max-cache-size", "1MB"] : [];
      const child = rig.start([
        "build",
        "--progress=plain",
        "-t",
        `app${number}`,
        ...flags,
        ...base,
        contexts[number] ?? "",
      ]);
      const kill = next(3) > 0 ? setTimeout(() => child.kill("SIGKILL"), next(1500)) : undefined;
      const { status, stderr } = await outcomeOf(child);
      clearTimeout(kill);
      if (status === 137) counts.killed++;
      else {
        assert.equal(status, 0, stderr);
        counts.built++;
      }
    }
  };
  const prune = async (): Promise<void> => {
    const next = random(SEED);
    while (Date.now() < end) {
      const child = rig.start(["prune", "-f", ...(next(2) === 0 ? ["--all"] : [])]);
      const kill = next(4) === 0 ? setTimeout(() => child.kill("SIGKILL"), next(400)) : undefined;
      const { status, stderr } = await outcomeOf(child);
      clearTimeout(kill);
      if (status !== 137) {
        assert.equal(status, 0, stderr);
        counts.pruned++;
      }
      if (next(5) === 0) await rig.tsbuild(["rmi", `app${next(contexts.length)}`]);
    }
  };
  await Promise.all([prune(), ...Array.from({ length: BUILDERS }, (_, worker) => build(worker))]);
  process.stdout.write(`# ${JSON.stringify(counts)}\n`);

  const check = await rig.tsbuild(["store", "check"]);
  assert.equal(check.status, 0, check.stdout + check.stderr);
  for (const [number, context] of contexts.entries()) {
    const { status, stderr } = await rig.tsbuild(["build", "-t", `app${number}`, ...base, context]);
    assert.equal(status, 0, stderr);
    const run = await rig.tsbuild([
      "run",
      "--rm",
      `app${number}`,
      "/bin/sh",
      "-c",
      "read a < /half; read b < /last; echo $a $b",
    ]);
    assert.equal(run.stdout, `${number % 2} own\n`, run.stderr);
  }
  await emptied(join(rig.store, "tmp"));
  assert.ok(!readFileSync("/proc/self/mounts", "utf8").includes(rig.directory), "no mount is left");
  await nobodyNames(rig.directory);
});
