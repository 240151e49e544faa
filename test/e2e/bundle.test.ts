import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";
import { openRig, type Rig } from "../support/rig.ts";

const bundle = join(projectRoot, "dist/bin/tsbuild.cjs");

/** What the bundled command says, without the lines that tell of time. */
function tsbuild(rig: Rig, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bundle, ...args], {
    env: { PATH: process.env["PATH"], HOME: rig.directory, TSBUILD_ROOT: rig.store },
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout + stderr;
}

/** No step of it needs a root filesystem to run in. */
const FILES = {
  Dockerfile: "FROM scratch as base\nCOPY *.txt /\nFROM base\nCOPY <<EOF /b\nb\nEOF\nLABEL a=b\n",
  "a.txt": "a\n",
  "secret.txt": "s\n",
};

test("the bundle answers as the compiled files do", async () => {
  await using rig = openRig();
  assert.equal(tsbuild(rig, "--version"), (await rig.tsbuild(["--version"])).stdout);
  assert.equal(tsbuild(rig, "build", "--help"), (await rig.tsbuild(["build", "--help"])).stdout);
  assert.throws(() => readdirSync(rig.store), { code: "ENOENT" });
});

test("the bundle warns again when it remembers the plan, and builds what it built", async () => {
  await using rig = openRig();
  const context = rig.context(FILES);
  const idOf = (): string => tsbuild(rig, "build", "-q", context);
  const warnings: string[] = [];
  for (let run = 0; run < 4; run++) {
    const said = tsbuild(rig, "build", "--progress=plain", context);
    warnings.push(
      said
        .split("\n")
        .filter((line) => /casing/i.test(line))
        .join("\n"),
    );
    assert.match(said, run === 0 ? /2 steps run, 0 cached/ : /0 steps run, 2 cached/);
  }
  assert.match(warnings[0] ?? "", /casing/i);
  assert.deepEqual(new Set(warnings).size, 1);
  const id = idOf();
  assert.equal(readdirSync(join(rig.store, "plans")).length, 1);
  // A file for each part of the program that was needed: the rest was not.
  const parts = readdirSync(join(rig.store, "code")).map((name) => name.split("-").at(-1));
  const needed = ["building", "graph", "helper", "places", "planning", "program", "screen", "steps"];
  assert.deepEqual(parts.sort(), needed);
  for (const folder of ["plans", "code"]) {
    for (const name of readdirSync(join(rig.store, folder))) truncateSync(join(rig.store, folder, name), 300);
    assert.equal(idOf(), id);
  }
  assert.match(tsbuild(rig, "build", "--no-cache", context), /2 steps run, 0 cached/);
});

test("the bundle takes a changed ignore file, label and stage into account", async () => {
  await using rig = openRig();
  const context = rig.context(FILES);
  const idOf = (...args: string[]): string => tsbuild(rig, "build", "-q", ...args, context);
  const ids = [idOf(), idOf("--label", "c=d"), idOf("--target", "base"), idOf("--platform", "linux/arm64")];
  writeFileSync(join(context, ".dockerignore"), "secret.txt\n");
  ids.push(idOf());
  assert.equal(new Set(ids).size, ids.length);
  assert.equal(idOf(), ids.at(-1));
});
