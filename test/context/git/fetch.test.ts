import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { EntryTree } from "../../../builder/context/entry-tree.ts";
import { fetchGit } from "../../../builder/context/git/fetch.ts";
import type { Bytes } from "../../../builder/core/bytes.ts";
import { readRange } from "../../../builder/core/read-range.ts";
import { lines, openBench, withSubmodule } from "./bench.ts";

test("a commit is its files, 0644 or 0755 of root, with the commit's time (rule 36)", async () => {
  await using bench = await openBench();
  bench.server.commit("a.git", {
    "a b": "1",
    "dir/run": { run: "2" },
    "dir/empty": "",
    link: { link: "/etc/passwd" },
    "\u00e4\n": "3",
  });
  const tree = await bench.get({});
  assert.deepEqual(lines(tree), [
    "a b 644 1",
    "dir/ 755",
    "dir/empty 644 ",
    "dir/run 755 2",
    "link -> /etc/passwd",
    `${Buffer.from("\u00e4\n").toString("latin1")} 644 3`,
  ]);
  // Once more, from the store: the same, for one question.
  const asked = bench.server.seen.length;
  assert.deepEqual(lines(await bench.get({})), lines(tree));
  // Protocol version 2: one request for what the server can do, one for the refs.
  assert.equal(bench.server.seen.length - asked, 2);
});

test("a ref is a branch before a tag, a full name before both, and a commit costs no question", async () => {
  await using bench = await openBench();
  const { server } = bench;
  const first = server.commit("a.git", { f: "first" }, "x");
  const second = server.commit("a.git", { f: "second" }, "main");
  server.git("a.git", ["tag", "x", second]);
  server.git("a.git", ["tag", "-a", "-m", "m", "v1", first]);
  server.git("a.git", ["update-ref", "refs/pull/7/head", first]);
  const table: readonly (readonly [ref: string | undefined, text: string])[] = [
    [undefined, "second"],
    ["main", "second"],
    ["x", "first"],
    ["refs/tags/x", "second"],
    ["heads/x", "first"],
    ["v1", "first"],
    ["pull/7/head", "first"],
    [first, "first"],
  ];
  for (const [ref, text] of table)
    assert.deepEqual(lines(await bench.get(ref === undefined ? {} : { ref })), [`f 644 ${text}`], ref);
  const asked = server.seen.length;
  await bench.get({ ref: first });
  assert.equal(server.seen.length, asked);
});

test("a checksum is the commit's or the annotated tag's, in full or its first digits", async () => {
  await using bench = await openBench();
  const { server } = bench;
  const commit = server.commit("a.git", { f: "1" });
  server.git("a.git", ["tag", "-a", "-m", "m", "v1", commit]);
  const tag = server.git("a.git", ["rev-parse", "v1"]);
  for (const checksum of [commit, commit.slice(0, 7), tag.slice(0, 12)])
    assert.equal(lines(await bench.get({ ref: "v1", checksum })).length, 1);
  await assert.rejects(bench.get({ ref: "v1", checksum: "0123456" }), {
    code: "DIGEST_MISMATCH",
    message: `Cannot use ${server.url("a.git")}: "v1" is commit ${commit}, not 0123456`,
  });
});

test("submodules come along, those of submodules too, relative URLs as git has them", async () => {
  await using bench = await openBench();
  const { server } = bench;
  for (const name of ["lib.git", "deep.git"]) server.create(name);
  const deep = server.commit("deep.git", { z: "deep" });
  const lib = withSubmodule(server, "lib.git", "deep", "../deep.git", deep);
  withSubmodule(server, "a.git", "mods/lib", "../lib.git", lib);
  const expected = ["mods/lib/deep/ 755", "mods/lib/deep/z 644 deep"];
  const got = lines(await bench.get({}));
  assert.deepEqual(
    got.filter((line) => line.startsWith("mods/lib/deep")),
    expected,
  );
  assert.deepEqual(lines(await bench.get({ subdir: "mods/lib/deep" })), ["z 644 deep"]);
  assert.deepEqual(
    lines(await bench.get({ submodules: false })).filter((line) => line.startsWith("mods/")),
    ["mods/ 755", "mods/lib/ 755"],
  );
});

test("keep-git-dir keeps a repository that git is content with", async () => {
  await using bench = await openBench();
  const commit = bench.server.commit("a.git", { f: "1", "d/run": { run: "2" } });
  const tree = await bench.get({ keepGitDir: true });
  const out = mkdtempSync(join(tmpdir(), "tsbuild-"));
  try {
    checkOut(tree, out);
    const git = (...args: string[]): string =>
      execFileSync("git", ["-c", "safe.directory=*", ...args], { cwd: out, encoding: "utf8" }).trim();
    assert.equal(git("rev-parse", "HEAD"), commit);
    assert.equal(git("status", "--porcelain"), "");
    assert.equal(git("config", "remote.origin.url"), bench.server.url("a.git"));
    assert.equal(git("fsck"), "");
  } finally {
    rmSync(out, { recursive: true });
  }
  assert.equal((await bench.get({ keepGitDir: true, subdir: "d" })).stat(".git" as Bytes), undefined);
});

function checkOut(tree: EntryTree, out: string): void {
  for (const [{ path, type, mode }, body] of tree.entries()) {
    if (type === "directory") execFileSync("mkdir", ["-p", join(out, path)]);
    else if (body?.content.kind === "range") {
      const { content } = body;
      writeFileSync(join(out, path), readRange(content.path, content.offset, content.size), { mode });
    }
  }
}

test("a server that gives out branches alone, or is no more than files, is asked in another way", async () => {
  await using bench = await openBench();
  const { server } = bench;
  const old = server.commit("a.git", { f: "old" }, "old");
  server.commit("a.git", { f: "new" });
  server.git("a.git", ["config", "uploadpack.allowAnySHA1InWant", "false"]);
  assert.deepEqual(lines(await bench.get({ ref: old })), ["f 644 old"]);
  assert.deepEqual(lines(await bench.get({ ref: "main" })), ["f 644 new"]);
});

test("what is wrong with a remote is said in git's words", async () => {
  await using bench = await openBench();
  bench.server.commit("a.git", { f: "1" }, "feature");
  await assert.rejects(bench.get({ ref: "featrue" }), {
    code: "NETWORK",
    message: `Cannot fetch from ${bench.server.url("a.git")}: it has no branch and no tag "featrue"`,
    hint: 'did you mean "feature"?',
  });
  await assert.rejects(bench.get({ ref: "1234567" }), { hint: "write all 40 digits of a commit" });
  await assert.rejects(bench.get({}, "none.git"), {
    code: "NETWORK",
    message: /^Cannot fetch from .*not found/,
  });
  await assert.rejects(bench.get({ remote: "git://127.0.0.1:1/a" }), { message: /Connection refused/ });
});

test("git that is not installed is said to be that", async () => {
  await using bench = await openBench();
  const { store } = bench.scratch;
  const options = {
    store,
    env: { PATH: "/nonexistent" },
    signal: new AbortController().signal,
    secretOf: () => undefined,
  };
  await assert.rejects(
    fetchGit({ remote: bench.server.url("a.git"), keepGitDir: false, submodules: true }, options),
    { code: "UNSUPPORTED", hint: /apt-get install .* git/ },
  );
});

test("a fetch that is interrupted ends, and leaves nothing", async () => {
  await using bench = await openBench();
  bench.server.commit("a.git", { f: "1" });
  const controller = new AbortController();
  const request = fetchGit(
    { remote: bench.server.url("a.git"), keepGitDir: false, submodules: true },
    {
      store: bench.scratch.store,
      env: { PATH: process.env["PATH"] },
      signal: controller.signal,
      secretOf: () => undefined,
    },
  );
  controller.abort(new Error("stop"));
  await assert.rejects(request, { message: "stop" });
  assert.equal(existsSync(join(bench.scratch.root, "sources")), false);
});
