import assert from "node:assert/strict";
import { readlinkSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import { CALLERS, type Caller } from "../support/callers.ts";
import { hostBase } from "../support/host-base.ts";
import { missingTool, pathWith } from "../support/path-with.ts";
import { nobodyNames, processesNaming } from "../support/processes-naming.ts";
import { openRig, outcomeOf, saying, type Rig } from "../support/rig.ts";
import { withTun } from "../support/tun.ts";

const SHOW = `RUN node -e 'console.log("net", require("fs").readlinkSync("/proc/self/ns/net"), Object.keys(require("os").networkInterfaces()).join())'`;

async function build(rig: Rig, run: string, path: string, args: readonly string[] = []) {
  const context = rig.context({ Dockerfile: `FROM base\n${run}\n` });
  const base = await hostBase(rig);
  return rig.tsbuild(["build", "--no-cache", ...args, ...base, context], { env: { PATH: path } });
}

function networksSeen(stderr: string): string[] {
  return [...stderr.matchAll(/\d net (net:\[\d+\])/g)].map((match) => match[1] ?? "");
}

for (const { who, skip, open } of CALLERS)
  for (const tool of ["pasta", "slirp4netns"]) {
    test(
      `${tool} of ${who} connects steps, and ends with the build`,
      { skip: skip || missingTool(tool) },
      () => withTun(() => connects(tool, open)),
    );
  }

async function connects(tool: string, open: () => Promise<Caller>): Promise<void> {
  await using caller = await open();
  const path = pathWith(caller.directory, [tool]);
  const build = (run: string, ...args: string[]) =>
    caller.build(`FROM base\n${run}\n`, ["--no-cache", ...args], path);
  const shown = await build(SHOW);
  assert.equal(shown.status, 0, shown.stderr);
  assert.doesNotMatch(shown.stderr, /share the network of this machine/);
  assert.notEqual(networksSeen(shown.stderr)[0], readlinkSync("/proc/self/ns/net"));
  assert.match(shown.stderr, tool === "slirp4netns" ? /lo,tap0/ : /net:\[\d+\] lo,\w+/);

  // The machine's loopback is reached by the name that was asked for, and only then.
  const server = createServer((_request, answer) => answer.end("from the host"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const get = (host: string): string =>
    `RUN node -e 'fetch("http://${host}:${port}").then((a) => a.text()).then((t) => console.log("got", t), (e) => console.log("got", e.cause?.code))'`;
  const reached = await build(get("machine"), "--add-host=machine:host-gateway");
  assert.match(reached.stderr, /got from the host/);
  const loopback = await build(get("127.0.0.1"));
  assert.match(loopback.stderr, /got ECONNREFUSED/);
  server.close();

  const child = caller.startBuild(
    `FROM base\nRUN node -e 'console.log("step", "runs"); setInterval(() => {}, 1e6)'\n`,
    ["--no-cache"],
    path,
  );
  const ended = outcomeOf(child);
  await saying(child, /step runs/);
  assert.notDeepEqual(processesNaming(caller.store), []);
  child.kill("SIGKILL");
  await ended;
  await nobodyNames(caller.store);
}

test("without a program to connect them, steps share the machine's network, which is said once", async () => {
  await using rig = openRig();
  const { status, stderr } = await build(rig, `${SHOW}\n${SHOW} \n`, pathWith(rig.directory, []));
  assert.equal(status, 0, stderr);
  assert.deepEqual(new Set(networksSeen(stderr)), new Set([readlinkSync("/proc/self/ns/net")]));
  assert.equal(stderr.split("steps share the network of this machine").length, 2);
});

test("--network none and host are for the steps that name none", async () => {
  await using rig = openRig();
  const path = pathWith(rig.directory, []);
  const none = await build(rig, SHOW, path, ["--network", "none"]);
  assert.match(none.stderr, /net:\[\d+\] lo\n/);
  const host = await build(rig, SHOW.replace("RUN", "RUN --network=host"), path, ["--network", "host"]);
  assert.deepEqual(networksSeen(host.stderr), [readlinkSync("/proc/self/ns/net")]);
  const refused = await build(rig, SHOW.replace("RUN", "RUN --network=host"), path);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /--allow network\.host/);
});
