import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compileForArm64, runEmulated, withoutEmulatedHelper } from "../../support/emulated-helper.ts";
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
  // A golden digest: the same bytes as here.
  ["../deflate/gzip-file", "the bytes that it made yesterday", 1],
];

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
});
