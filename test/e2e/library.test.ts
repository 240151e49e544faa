import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { build, parse, plan, run, TsbuildError } from "../../builder/index.ts";
import type { BuildEvent } from "../../builder/core/events.ts";
import { hostBase } from "../support/host-base.ts";
import { projectRoot } from "../support/project.ts";
import { openRig } from "../support/rig.ts";

test("the example of the library does what it says", async () => {
  await using rig = openRig();
  const [, base = ""] = await hostBase(rig);
  const context = rig.context({ Dockerfile: "FROM base\nRUN echo from the step\n" });
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(projectRoot, "dist/fixtures/library.js"), context, base],
    { env: { PATH: process.env["PATH"], HOME: rig.directory, TSBUILD_ROOT: rig.store }, encoding: "utf8" },
  );
  assert.equal(stderr, "");
  assert.equal(status, 0);
  assert.match(
    stdout,
    /^parsed 2 instructions, 0 remarks\n2 steps\nfrom the step\nbuilt sha256:[0-9a-f]{12}: 1 run, 0 cached\nfrom the container\nthe container ended with 3\n$/,
  );
});

test("the library plans, builds and runs in a store of its own, and tells of errors by code", async () => {
  await using rig = openRig();
  const [, base = ""] = await hostBase(rig);
  const contexts = { base: base.slice("base=".length) };
  const context = rig.context({ Dockerfile: "FROM base\nARG WHO\nRUN echo hello $WHO >/greeting\n" });
  const request = { root: rig.store, context, contexts, buildArgs: { WHO: "you" } };
  const graph = await plan(request);
  assert.deepEqual(
    graph.steps.map(({ op }) => op.type),
    ["image", "exec"],
  );
  const first = await build({ ...request, tags: ["app"] });
  const again = await build({ ...request, tags: ["app"] });
  assert.deepEqual([first.ran, again.ran, again.imageId], [1, 0, first.imageId]);

  const written: Buffer[] = [];
  const status = await run({
    root: rig.store,
    image: "app",
    command: ["/bin/sh", "-c", "read line </greeting; echo $line"],
    io: { stdout: (data) => void written.push(data) },
  });
  assert.deepEqual([status, Buffer.concat(written).toString()], [0, "hello you\n"]);

  await assert.rejects(
    async () => build({ ...request, target: "none" }),
    (error) => error instanceof TsbuildError && error.code === "DOCKERFILE_INVALID",
  );
  const { diagnostics } = await parse("FORM x\n");
  assert.equal(diagnostics[0]?.rule, "UnknownInstruction");
});

test("an abort signal ends a build of the library", async () => {
  await using rig = openRig();
  const [, base = ""] = await hostBase(rig);
  const context = rig.context({
    Dockerfile: "FROM base\nRUN echo begun; while :; do read x </dev/zero; done\n",
  });
  const stop = new AbortController();
  const building = build({
    root: rig.store,
    context,
    contexts: { base: base.slice("base=".length) },
    signal: stop.signal,
  });
  const seen: BuildEvent["type"][] = [];
  for await (const event of building) {
    seen.push(event.type);
    if (event.type === "step-output") stop.abort(new Error("enough"));
  }
  await assert.rejects(async () => building, isInterrupted);
  assert.ok(seen.includes("step-canceled"), seen.join(" "));
  await assert.rejects(async () => build({ context, signal: stop.signal }), isInterrupted);
});

function isInterrupted(error: unknown): boolean {
  return error instanceof TsbuildError && error.code === "INTERRUPTED";
}
