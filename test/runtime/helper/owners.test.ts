import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openHelper } from "../../../runtime/helper/start.ts";
import { ownersBeside } from "../../../runtime/layers/special-owners.ts";
import type { MountSpec } from "../../../runtime/types.ts";
import { Lines, Rig, STANDARD_MOUNTS, skip } from "./rig.ts";

test(
  "the owner of a symlink on another file system is in no layer, whatever its number",
  { skip },
  async (t) => {
    const own = [{ inside: 0, outside: 0, count: 1 }];
    // Two file systems in memory, whose inodes are numbered from one on.
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
    execFileSync("mount", ["-t", "tmpfs", "tsbuild-test", directory]);
    t.after(() => {
      execFileSync("umount", ["--lazy", directory]);
      rmSync(directory, { recursive: true });
    });
    const helper = await openHelper({ lanes: 2, idMaps: { uid: own, gid: own } });
    await using rig = new Rig(helper, mkdtempSync(join(directory, "rig-")));
    const memory: MountSpec = { type: "tmpfs", target: "/memory", mode: 0o777, flags: {} };
    const root = rig.overlay();
    const made = await rig
      .run(
        "for i in $(seq 900); do ln -s x /memory/$i; done; chown -hR 11:12 /memory; mkdir /new; " +
          "for i in $(seq 80); do ln -s x /new/$i; done; chown -h 13:14 /new/7; " +
          "stat -c %u:%g /memory/* /new/* | sort | uniq -c | xargs",
        { root, mounts: [...STANDARD_MOUNTS, memory], recordOwners: true },
      )
      .catch((error: unknown) => String(error));
    // Linux before 6.6 has no xattrs of users there.
    if (typeof made === "string") return t.skip(made);
    assert.equal(made.stdout, "79 0:0 900 11:12 1 13:14\n", made.stderr);
    const lines = new Lines();
    await helper.diff({ ...root, owners: ownersBeside(root.work) }, lines);
    const owners = lines.lines.filter((line) => line.startsWith("new/")).map((line) => line.split(" ")[3]);
    assert.deepEqual([owners.length, owners.filter((owner) => owner !== "0:0")], [80, ["13:14"]]);
  },
);
