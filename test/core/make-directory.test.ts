import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeDirectory } from "../../builder/core/make-directory.ts";

test("makeDirectory() makes missing parents, and takes what is there", () => {
  const root = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    makeDirectory(join(root, "a/b/c"), 0o700);
    makeDirectory(join(root, "a/b/c"), 0o700);
    assert.equal(statSync(join(root, "a/b")).mode & 0o777, 0o700);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test("makeDirectory() ends where a filesystem takes no names", () => {
  assert.throws(() => makeDirectory("/proc/nowhere/a/b"), /Cannot make directory|ENOENT/);
});
