import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFailed, readFailed } from "../../builder/ops/failed-step.ts";
import type { ExecOp } from "../../builder/graph/types.ts";
import type { MountSpec, RunPlan } from "../../runtime/types.ts";

const flags = { readonly: true, nosuid: false, nodev: false, noexec: false };
const SCRIPT: MountSpec = {
  type: "file",
  target: "/dev/pipes/EOF",
  data: Buffer.from("#!/bin/sh\n\u0000"),
  mode: 0o755,
  uid: 0,
  gid: 0,
  flags,
};
const STAGE: MountSpec = { type: "layers", target: "/other", lowers: ["/s/1"], source: "/", flags };

function kept(root: RunPlan["root"]) {
  const op = { network: "default", security: "sandbox", mounts: [] } as unknown as ExecOp;
  const plan = {
    root,
    mounts: [SCRIPT, STAGE],
    argv: ["sh"],
    env: ["A=b", "SECRET=x"],
    cwd: "/",
    uid: 1,
    gid: 2,
    groups: [3],
    hostname: "h",
    umask: 0o022,
    capabilities: [0],
  } as unknown as RunPlan;
  const text = describeFailed("step", op, plan, { specs: [], env: ["SECRET=x"], secrets: [] } as never, []);
  return readFailed(JSON.parse(text ?? ""));
}

test("readFailed() has what describeFailed() was given, but for secrets", () => {
  const { plan, lowers, lost } = kept({ kind: "overlay", lowers: ["/a", "/b"], upper: "/u", work: "/w" });
  assert.deepEqual([lowers, lost, plan.env], [["/a", "/b"], [], ["A=b"]]);
  assert.deepEqual(plan.mounts, [SCRIPT, STAGE]);
});

test("describeFailed() leaves out mounts of a plain tree that end with the build", () => {
  const { plan, lowers, lost } = kept({ kind: "plain", path: "/t", aside: "/a" });
  assert.deepEqual([lowers, lost, plan.mounts], [undefined, ["/other"], [SCRIPT]]);
});
