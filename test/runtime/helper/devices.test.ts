import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { processStart } from "../../../builder/store/session.ts";
import { ControlGroups } from "../../../runtime/limits/control-groups.ts";
import { isWritable } from "../../../runtime/limits/files.ts";
import { readHierarchies } from "../../../runtime/limits/hierarchies.ts";
import type { MountSpec, RunControl, RunPlan } from "../../../runtime/types.ts";
import { withoutCalls } from "./older-kernel.ts";
import { Rig, STANDARD_MOUNTS, skip } from "./rig.ts";

/** A disk of this machine, as mknod(1) is told of it. */
const DISK = /^ *(\d+) +(\d+) +\d+ /m.exec(readFileSync("/proc/partitions", "utf8"))?.slice(1).join(" ");
const USUAL = ["c 1 3", "c 1 5", "c 1 7", "c 1 8", "c 1 9"];
const OTHERS = [
  "c 1 1",
  "c 1 4",
  "c 1 11",
  "c 4 0",
  "c 5 1",
  "c 10 200",
  "c 10 229",
  `b ${DISK ?? "8 0"}`,
  "b 1 3",
];
const PLACES = ["/", "/dev/", "/memory/"];
const MEMORY: MountSpec = { type: "tmpfs", target: "/memory", mode: 0o777, flags: {} };

/** Says which nodes of these devices can be opened, where they are made or were made before. */
function attempt(devices: readonly string[], make = true): string {
  const quoted = devices.map((device) => `'${device}'`).join(" ");
  const node = '$at/$(echo "$d" | tr " " -)';
  return (
    `for at in ${PLACES.join(" ")}; do for d in ${quoted}; do n=${node}; ` +
    `${make ? "mknod $n $d || echo unmade; " : ""}sh -c ": < $n" 2>/dev/null && echo "$at $d"; done; done; ` +
    "echo > /dev/null && echo done"
  );
}

const opened = PLACES.flatMap((place) => USUAL.map((device) => `${place} ${device}`));

function lines(text: string): string[] {
  return text.trim().split("\n");
}

const unified = skip === false ? readHierarchies().find(({ version }) => version === 2) : undefined;
const why =
  skip || (unified !== undefined && isWritable(unified.own) ? false : "needs control groups of version 2");

test(
  "without a group that holds it a container opens no node but those of its own /dev",
  { skip },
  async () => {
    await using rig = await Rig.start();
    const mounts = [...STANDARD_MOUNTS, MEMORY];
    const result = await rig.run(attempt([...USUAL, ...OTHERS]), { mounts });
    assert.deepEqual(lines(result.stdout), ["done"], result.stderr);
  },
);

test(
  "in a group of its own a container opens the usual devices wherever it has nodes",
  { skip: why },
  async (t) => {
    await using rig = await Rig.start();
    using groups = new ControlGroups({ limits: {}, devices: true }).open();
    const cgroups = groups.directories;
    assert.equal(cgroups.length, 1);
    const mounts = [...STANDARD_MOUNTS, MEMORY];
    await t.test("a step", async () => {
      const result = await rig.run(attempt([...USUAL, ...OTHERS]), { mounts, cgroups });
      assert.deepEqual(lines(result.stdout), [...opened, "done"], result.stderr);
    });
    await t.test("with a root filesystem that is read-only, nodes of a layer", async () => {
      const layer = rig.overlay();
      const made = [...USUAL, ...OTHERS].map((d) => `mknod /${d.replaceAll(" ", "-")} ${d}`).join("; ");
      assert.equal((await rig.run(made, { root: layer })).code, 0);
      const root = rig.overlay([rig.base, layer.upper]);
      const result = await rig.run(attempt([...USUAL, ...OTHERS], false), {
        root,
        readonlyRoot: true,
        cgroups,
      });
      assert.deepEqual(
        lines(result.stdout),
        [...USUAL.map((device) => `/ ${device}`), "done"],
        result.stderr,
      );
    });
    await t.test("what is executed in it as well, and nothing that is not in the group", async () => {
      const stop = new AbortController();
      let over: Promise<unknown> = Promise.resolve();
      const { pid } = await new Promise<RunControl>((onStart, reject) => {
        const plan = rig.plan("sleep 1000", { mounts, cgroups });
        over = rig.helper.run(plan, { onOutput: () => {}, onStart }, stop.signal);
        over.catch(reject);
      });
      const root = { kind: "container", pid, start: processStart(pid) ?? 0 } as const;
      const beside: Partial<RunPlan> = { root, mounts: [], init: false };
      const inside = await rig.run(attempt([...USUAL, ...OTHERS]), { ...beside, cgroups });
      assert.deepEqual(lines(inside.stdout), [...opened, "done"], inside.stderr);
      await assert.rejects(
        rig.run("true", beside),
        /Cannot enter the control group that holds the container's devices/,
      );
      stop.abort();
      await over.catch(() => {});
    });
    await t.test("a null device of its own can be changed, and is no other's", async () => {
      const before = lstatSync("/dev/null").mode;
      const result = await rig.run("chmod 600 /dev/null; stat -c %a /dev/null", { mounts, cgroups });
      assert.equal(result.stdout, "600\n");
      assert.equal(lstatSync("/dev/null").mode, before);
    });
  },
);

test("an older kernel puts a container in its group, or lets it open no nodes", { skip: why }, async () => {
  for (const [calls, expected] of [
    [["clone3"], [...opened, "done"]],
    [["bpf"], ["done"]],
  ] as const) {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
    try {
      await using rig = await withoutCalls(directory, calls);
      using groups = new ControlGroups({ limits: {}, devices: true }).open();
      const plan = { mounts: [...STANDARD_MOUNTS, MEMORY], cgroups: groups.directories };
      const result = await rig.run(attempt([...USUAL, ...OTHERS]), plan);
      assert.deepEqual(lines(result.stdout), expected, result.stderr);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }
});
