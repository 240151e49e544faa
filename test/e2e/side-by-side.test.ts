import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, outcomeOf, type Outcome, type Rig } from "../support/rig.ts";

/** A step that says in a cache mount that it runs, and ends when `go` is there. */
const DOCKERFILE = `FROM base
RUN --mount=type=cache,id=gate,target=/gate echo ran >> /gate/log; echo started; \\
    node -e 'setInterval(() => require("fs").existsSync("/gate/go") && process.exit(), 20)'
`;

interface Build {
  readonly child: ChildProcess;
  readonly ended: Promise<Outcome>;
  /** Resolves when its log has a line. */
  says(line: RegExp): Promise<void>;
}

function start(rig: Rig, args: readonly string[]): Build {
  const child = rig.start(args);
  let seen = "";
  const listeners = new Set<() => void>();
  child.stderr?.on("data", (chunk: Buffer) => {
    seen += chunk.toString();
    for (const listener of listeners) listener();
  });
  child.once("close", () => {
    for (const listener of listeners) listener();
  });
  return {
    child,
    ended: outcomeOf(child),
    says: (line) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (line.test(seen)) resolve();
          else if (child.exitCode !== null) reject(new Error(`the build ended without ${line}: ${seen}`));
        };
        listeners.add(look);
        look();
      }),
  };
}

/** The directory of the only cache mount. */
function gateOf(rig: Rig): string {
  const [folder = ""] = readdirSync(join(rig.store, "mounts"));
  return join(rig.store, "mounts", folder, "0", "data");
}

test("a step that two builds need at once runs once, and both have its result", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const args = ["build", "--progress=plain", ...base, context];
  const first = start(rig, [...args, "-t", "one"]);
  await first.says(/^#\d+ [\d.]+ started/m);
  const second = start(rig, [...args, "-t", "two"]);
  await second.says(/waiting for another build/);
  writeFileSync(join(gateOf(rig), "go"), "");
  const [one, two] = await Promise.all([first.ended, second.ended]);
  assert.equal(one.status, 0, one.stderr);
  assert.equal(two.status, 0, two.stderr);
  assert.match(two.stderr, /CACHED/);
  assert.equal(readFileSync(join(gateOf(rig), "log"), "utf8"), "ran\n");
  const ids = await rig.tsbuild(["images", "--quiet"]);
  const [id, ...others] = new Set(ids.stdout.trim().split("\n"));
  assert.ok(id);
  assert.deepEqual(others, []);
});

test("a build that waits for another's step runs it when the other is killed", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const args = ["build", "-t", "app", "--progress=plain", ...base, context];
  const first = start(rig, args);
  await first.says(/^#\d+ [\d.]+ started/m);
  const second = start(rig, args);
  await second.says(/waiting for another build/);
  first.child.kill("SIGKILL");
  await second.says(/^#\d+ [\d.]+ started/m);
  writeFileSync(join(gateOf(rig), "go"), "");
  const { status, stderr } = await second.ended;
  assert.equal(status, 0, stderr);
  assert.equal((await first.ended).status, 137);
  assert.equal(readFileSync(join(gateOf(rig), "log"), "utf8"), "ran\nran\n");
});

test("a build that waits for another's step can be interrupted", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: DOCKERFILE });
  const args = ["build", "-t", "app", "--progress=plain", ...base, context];
  const first = start(rig, args);
  await first.says(/^#\d+ [\d.]+ started/m);
  const second = start(rig, args);
  await second.says(/waiting for another build/);
  second.child.kill("SIGINT");
  assert.equal((await second.ended).status, 130);
  writeFileSync(join(gateOf(rig), "go"), "");
  assert.equal((await first.ended).status, 0);
});
