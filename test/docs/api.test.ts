import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../support/project.ts";

test("docs/api says what the declarations say", () => {
  const { status, stderr } = spawnSync(process.execPath, [join(projectRoot, ".ci/api-docs.mjs"), "--check"], {
    encoding: "utf8",
  });
  assert.equal(stderr, "");
  assert.equal(status, 0);
});
