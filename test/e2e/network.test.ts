import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { networkTools } from "../../runtime/network/tools.ts";
import { hostBase } from "../support/host-base.ts";
import { openRig, type Rig } from "../support/rig.ts";

const SHOW = `RUN node -e 'console.log("net", require("fs").readlinkSync("/proc/self/ns/net"), Object.keys(require("os").networkInterfaces()).join())'`;

/** A PATH with these programs alone. */
function pathWith(rig: Rig, tools: readonly string[]): string {
  const folder = rig.path(`only-${tools.join("-")}`);
  mkdirSync(folder);
  for (const tool of networkTools(process.env)) {
    if (tools.includes(tool.name)) symlinkSync(tool.path, `${folder}/${tool.name}`);
  }
  return folder;
}

async function build(rig: Rig, run: string, path: string, args: readonly string[] = []) {
  const context = rig.context({ Dockerfile: `FROM base\n${run}\n` });
  const base = await hostBase(rig);
  return rig.tsbuild(["build", "--no-cache", ...args, ...base, context], { env: { PATH: path } });
}

function networksSeen(stderr: string): string[] {
  return [...stderr.matchAll(/\d net (net:\[\d+\])/g)].map((match) => match[1] ?? "");
}

for (const name of ["pasta", "slirp4netns"] as const) {
  test(`${name} gives a step a network of its own, and nothing of it is left`, async (t) => {
    if (!networkTools(process.env).some((tool) => tool.name === name))
      return t.skip(`${name} is not installed`);
    await using rig = openRig();
    const { status, stderr } = await build(rig, SHOW, pathWith(rig, [name]));
    assert.equal(status, 0, stderr);
    const [first] = networksSeen(stderr);
    if (/share the network of this machine/.test(stderr))
      return t.skip(`${name} does not work here: ${stderr}`);
    assert.notEqual(first, readlinkSync("/proc/self/ns/net"));
    assert.match(stderr, name === "slirp4netns" ? /lo,tap0/ : /net:\[\d+\] lo,\w+/);
    assert.deepEqual(processesNaming(rig.store), []);
  });
}

test("without a program to connect them, steps share the machine's network, which is said once", async () => {
  await using rig = openRig();
  const { status, stderr } = await build(rig, `${SHOW}\n${SHOW} \n`, pathWith(rig, []));
  assert.equal(status, 0, stderr);
  assert.deepEqual(new Set(networksSeen(stderr)), new Set([readlinkSync("/proc/self/ns/net")]));
  assert.equal(stderr.split("steps share the network of this machine").length, 2);
});

test("--network none and host are for the steps that name none", async () => {
  await using rig = openRig();
  const path = pathWith(rig, []);
  const none = await build(rig, SHOW, path, ["--network", "none"]);
  assert.match(none.stderr, /net:\[\d+\] lo\n/);
  const host = await build(rig, SHOW.replace("RUN", "RUN --network=host"), path, ["--network", "host"]);
  assert.deepEqual(networksSeen(host.stderr), [readlinkSync("/proc/self/ns/net")]);
  const refused = await build(rig, SHOW.replace("RUN", "RUN --network=host"), path);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /--allow network\.host/);
});

/** Command lines of processes that name a path: a program that outlived its build has the store's in its own. */
function processesNaming(path: string): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "latin1");
        return line.includes(path) ? [line] : [];
      } catch {
        return [];
      }
    });
}
