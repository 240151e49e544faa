import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { helperBinary } from "../../../runtime/helper/binary.ts";
import { compileForArm64, runEmulated, withoutEmulatedHelper } from "../../support/emulated-helper.ts";
import { QEMU } from "../../support/foreign-programs.ts";
import { projectRoot } from "../../support/project.ts";

const skip = withoutEmulatedHelper() ?? false;

/**
 * What qemu-user passes on to the kernel: files, and steps that run by chroot. It does so with neither namespaces nor
 * filters of system calls nor subreapers.
 */
const PARTS: readonly (readonly [file: string, tests: string, count: number])[] = [
  ["apply", "refuses|replaced|replaces|abort", 15],
  ["plain", "every change|privileges", 2],
  ["plain-readonly", "what a step writes", 1],
];

/** One part of a file, as `tsbuild-helper deflate` is asked for it. */
function deflated(command: readonly [string, ...string[]], file: string, size: number): Buffer {
  const request = Buffer.alloc(16);
  request.writeUInt32LE(size, 12);
  const fd = openSync(file, "r");
  const [program, ...args] = command;
  const { stdout } = spawnSync(program, [...args, "deflate"], {
    input: request,
    stdio: ["pipe", "pipe", "inherit", fd],
  });
  closeSync(fd);
  return stdout;
}

test("the helper for arm64 does in an emulator what this machine's does", { skip }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), "tsbuild-"));
  t.after(() => rmSync(directory, { recursive: true }));
  const helper = compileForArm64(join(directory, "build"));
  for (const [part, pattern, count] of PARTS) {
    await t.test(part, async () => {
      const file = join(projectRoot, `dist/test/runtime/helper/${part}.test.js`);
      const { status, output } = await runEmulated(
        [process.execPath, "--test", "--test-reporter=tap", `--test-name-pattern=${pattern}`, file],
        { TSBUILD_HELPER: helper },
      );
      assert.equal(status, 0, output);
      const passed = output.match(/^ok \d+ - (?!.*# SKIP)/gm) ?? [];
      assert.ok(passed.length >= count, output);
    });
  }
  await t.test("deflate", () => {
    const file = join(directory, "text");
    const text = Array.from({ length: 20_000 }, (_, line) => `${line} ${(line * 7919) % 1009}\n`).join("");
    writeFileSync(file, text);
    const [native, emulated] = [
      deflated([helperBinary()], file, text.length),
      deflated([QEMU, helper], file, text.length),
    ];
    assert.ok(native.length > 1000);
    assert.deepEqual(emulated, native);
  });
});
