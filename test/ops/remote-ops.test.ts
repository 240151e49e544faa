import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import type { GitOp, HttpOp } from "../../builder/graph/types.ts";
import { gitHandler } from "../../builder/ops/git-op.ts";
import { httpHandler } from "../../builder/ops/http-op.ts";
import type { OpServices } from "../../builder/ops/types.ts";

// What a key is made of asks no service.
const services = {} as OpServices;
const http: HttpOp = { type: "http", url: "https://u:p@example.com/f?sig=1", filename: "f" };
const git: GitOp = {
  type: "git",
  remote: "https://u:p@example.com/r.git",
  keepGitDir: false,
  submodules: true,
};
const commit = "a".repeat(40);

test("a download is keyed by name and checksum, not by where it is from (rule 36)", () => {
  const { definition } = httpHandler(services);
  assert.equal(definition(http), undefined);
  const checksum = sha256("x");
  assert.deepEqual(definition({ ...http, checksum }), { type: "http", filename: "f", checksum });
});

test("a repository is keyed by its commit, where the Dockerfile names it in full", () => {
  const { definition } = gitHandler(services);
  assert.equal(definition({ ...git, ref: "main", checksum: commit.slice(0, 7) }), undefined);
  const pinned = { type: "git", keepGitDir: false, submodules: true, commit };
  assert.deepEqual(definition({ ...git, ref: commit }), pinned);
  assert.deepEqual(definition({ ...git, ref: "main", checksum: commit }), { ...pinned, checksum: commit });
  assert.deepEqual(definition({ ...git, ref: commit, subdir: "d", keepGitDir: true }), {
    ...pinned,
    subdir: "d",
    keepGitDir: true,
    remote: "https://***@example.com/r.git",
  });
});
