import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { helperBinary } from "../../../runtime/helper/binary.ts";
import type { MountSpec } from "../../../runtime/types.ts";
import { withoutCalls } from "./older-kernel.ts";
import { Rig, STANDARD_MOUNTS, skip } from "./rig.ts";

for (const calls of [
  ["openat2"],
  ["mount_setattr"],
  ["close_range"],
  ["fsopen", "fsconfig", "fsmount", "move_mount"],
  [
    "openat2",
    "mount_setattr",
    "close_range",
    "fsopen",
    "fsconfig",
    "fsmount",
    "move_mount",
    "clone3",
    "faccessat2",
  ],
]) {
  test(`a step runs as usual on a kernel without ${calls.join(", ")}`, { skip }, async () => {
    const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
    try {
      await using rig = await withoutCalls(directory, calls);
      const outside = rig.path("outside");
      mkdirSync(outside);
      symlinkSync(outside, rig.path("base/link"));
      const volume = rig.path("volume");
      mkdirSync(volume);
      const mounts: MountSpec[] = [
        ...STANDARD_MOUNTS,
        { type: "bind", target: "/link/in", source: volume, flags: { readonly: true }, recursive: true },
        { type: "layers", target: "/lay", lowers: [rig.base], source: "/etc", flags: { readonly: true } },
      ];
      const root = rig.overlay();
      const result = await rig.run(
        "echo >/proc/sys/kernel/panic; echo >/link/in/x; echo >/lay/x; mkdir /sys/fs/cgroup/x; ls /lay; ls /proc/self/fd; ls /sys/firmware; echo >/etc/new; pwd",
        { root, mounts, cwd: "/link/cwd" },
      );
      const [refused, rest] = [result.stderr, result.stdout];
      assert.match(refused, /panic: Read-only[^]*\/link\/in\/x: Read-only[^]*\/lay\/x: Read-only/);
      assert.match(refused, /cgroup\/x/);
      assert.match(rest, /^passwd\n0\n1\n2\n3\n[^\n]*\/outside\/cwd\n$/);
      assert.equal(result.code, 0);
      // What a link leads to lies in the root, whoever resolves it.
      assert.deepEqual(spawnSync("ls", ["-A", outside], { encoding: "utf8" }).stdout, "");
      assert.ok((await rig.diff(root)).includes("etc/new file 644 0:0"));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

test("a step runs where no file in memory may be executed", { skip }, async () => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    const script = join(directory, "helper");
    const forbid = "echo 2 >/proc/sys/vm/memfd_noexec 2>/dev/null";
    const start = `unshare --pid --fork --mount-proc sh -c '${forbid}; exec "$0" "$@"' ${helperBinary()} "$@"`;
    writeFileSync(script, `#!/bin/sh\nPATH=/usr/bin:/bin exec ${start}\n`, { mode: 0o755 });
    await using rig = await Rig.start({ binary: script });
    const result = await rig.run("echo ran; cat /proc/1/exe");
    assert.equal(result.stdout, "ran\n", result.stderr);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
