import assert from "node:assert/strict";
import { test } from "node:test";
import { Rig, skip } from "./rig.ts";

test("run gives output and exit code", { skip }, async () => {
  await using rig = await Rig.start();
  const result = await rig.run("echo hello; echo oops >&2; exit 3");
  assert.deepEqual(result, { code: 3, outOfMemory: false, stdout: "hello\n", stderr: "oops\n" });
});

test("run and diff: a step's changes", { skip }, async () => {
  await using rig = await Rig.start();
  const root = rig.overlay();
  const result = await rig.run("echo a >/etc/new; rm /etc/passwd; mkdir -p /srv/x", { root });
  assert.equal(result.stderr, "");
  assert.deepEqual(await rig.diff(root), [
    "etc directory 755 0:0",
    "etc/new file 644 0:0",
    "etc/passwd whiteout",
    "srv directory 755 0:0",
    "srv/x directory 755 0:0",
  ]);
});
