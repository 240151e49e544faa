import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openRig } from "../support/rig.ts";

const FILES = {
  Dockerfile: "FROM scratch\nCOPY . /\n",
  ".dockerignore": "# what is made\nnode_modules\n*.log\n!keep.log\n",
  "src/a.ts": "12345",
  "src/big": "x".repeat(5000),
  "node_modules/a/index.js": "x",
  "node_modules/b/index.js": "yy",
  ".env": "PASSWORD=1",
  ".git/HEAD": "ref",
  "keep.log": "",
  "x.log": "abc",
} as const;

test("context ls sums up what COPY can take, what is ignored, and what is usually a mistake", async () => {
  await using rig = openRig();
  const { status, stdout } = await rig.tsbuild(["context", "ls"], { cwd: rig.context(FILES) });
  assert.equal(status, 0);
  assert.match(stdout, /^COPY can take 7 files, 5\.08kB\n/);
  assert.match(stdout, /\n5kB +2 +src\/\n/);
  assert.match(stdout, /\nLargest files\nSIZE +PATH\n5kB +src\/big\n/);
  assert.match(stdout, /\nIgnored: 3 files, 6B\n/);
  assert.match(stdout, /\n3B +2 +\.dockerignore:2 +node_modules\/\n/);
  assert.match(stdout, /\n3B +1 +\.dockerignore:3 +x\.log\n/);
  assert.match(stdout, /Usually a mistake[^]*\.env: .*passwords[^]*\.git: .*history/);
});

test("context ls --why names the line that decides", async () => {
  await using rig = openRig();
  const context = rig.context(FILES);
  const table: readonly (readonly [path: string, says: string, status?: number])[] = [
    ["node_modules/a/index.js", "node_modules/a/index.js is ignored: .dockerignore:2 says node_modules\n"],
    ["./x.log", "x.log is ignored: .dockerignore:3 says *.log\n"],
    ["keep.log", "keep.log can be copied: .dockerignore:4 says !keep.log\n"],
    ["src/a.ts", "src/a.ts can be copied: no pattern matches it\n"],
    ["nothing", "nothing is not there\n", 1],
  ];
  for (const [path, says, expected = 0] of table) {
    const { status, stdout } = await rig.tsbuild(["context", "ls", "--why", path, context]);
    assert.deepEqual([stdout, status], [says, expected]);
  }
});

test("context ls follows the ignore file of the Dockerfile, whether -f names it or not", async () => {
  await using rig = openRig();
  const context = rig.context(FILES);
  writeFileSync(join(context, "Dockerfile.dockerignore"), "**\n!keep.log\n");
  assert.equal((await rig.tsbuild(["context", "ls", "-a", context])).stdout, "0\tkeep.log\n");
  writeFileSync(join(context, "app.Dockerfile"), "FROM scratch\n");
  writeFileSync(join(context, "app.Dockerfile.dockerignore"), "**\n!src/a.ts\n");
  const { stdout } = await rig.tsbuild([
    "context",
    "ls",
    "-a",
    "-f",
    join(context, "app.Dockerfile"),
    context,
  ]);
  assert.equal(stdout, "5\tsrc/a.ts\n");
});

test("context ls lists an archive as JSON", async () => {
  await using rig = openRig();
  const input = "FROM scratch\n";
  const { stdout, status } = await rig.tsbuild(["context", "ls", "--format", "json", "-"], { input });
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(stdout), { name: "-", files: [], ignored: [], mistakes: [] });
});
