import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fetchGit } from "../../../builder/context/git/fetch.ts";
import type { Bytes } from "../../../builder/core/bytes.ts";
import type { GitServer } from "../../support/git-server.ts";
import { lines, openBench, withSubmodule } from "./bench.ts";

test("only a real directory is a subdirectory (ATTACKS 2)", async () => {
  await using bench = await openBench();
  bench.server.commit("a.git", {
    "d/e/f": "1",
    link: { link: "d" },
    up: { link: "/" },
    "d/up": { link: ".." },
  });
  assert.deepEqual(lines(await bench.get({ subdir: "d/e" })), ["f 644 1"]);
  for (const [subdir, state] of [
    ["link", "it is a symlink"],
    ["link/e", "the commit has no such directory"],
    ["up/etc", "the commit has no such directory"],
    ["d/up/d", "the commit has no such directory"],
    ["d/e/f", "it is a file"],
    ["none", "the commit has no such directory"],
  ] as const) {
    await assert.rejects(bench.get({ subdir }), {
      code: "CONTEXT_NOT_FOUND",
      message: `Cannot use directory "${subdir}" of ${bench.server.url("a.git")}: ${state}`,
    });
  }
});

for (const url of [
  "file:///etc",
  "/etc",
  "ext::sh -c touch% /tmp/tsbuild-pwned",
  "--upload-pack=touch /tmp/tsbuild-pwned",
  "ssh://-oProxyCommand=touch/x",
  "-oProxyCommand=x@host:a",
  "http://169.254.169.254/latest.git",
]) {
  test(`a submodule at "${url}" is refused (ATTACKS 22)`, async () => {
    await using bench = await openBench();
    withSubmodule(bench.server, "a.git", "m", url, "1".repeat(40));
    await assert.rejects(bench.get({}), { code: "UNSUPPORTED", message: /^Cannot fetch submodule "/ });
    assert.equal(existsSync("/tmp/tsbuild-pwned"), false);
  });
}

test("a submodule loop ends (ATTACKS 28)", async () => {
  await using bench = await openBench();
  const { server } = bench;
  server.create("b.git");
  const b = withSubmodule(server, "b.git", "m", "../b.git", "1".repeat(40));
  withSubmodule(server, "a.git", "m", "../b.git", b);
  await assert.rejects(bench.get({}), { code: "NETWORK" });
});

for (const [name, path] of [
  ["..", "../evil"],
  [".git", ".git/config"],
  [".GIT", ".GIT/hooks/x"],
] as const) {
  test(`a commit with a file below "${name}" is refused (ATTACKS 15)`, async () => {
    await using bench = await openBench();
    const { server } = bench;
    const blob = server.git("a.git", ["hash-object", "-w", "--stdin"], "x");
    const inner = writeTree(server, [["100644", path.split("/").at(-1) ?? "", blob]]);
    const tree = writeTree(server, [["40000", name, inner]]);
    const commit = server.git("a.git", ["commit-tree", tree, "-m", "m"]);
    server.git("a.git", ["update-ref", "refs/heads/main", commit]);
    await assert.rejects(bench.get({}), { message: /is no name that a file of a commit can have/ });
  });
}

/** A tree object as git itself would not write it. */
function writeTree(
  server: GitServer,
  entries: readonly (readonly [mode: string, name: string, object: string])[],
): string {
  const data = Buffer.concat(
    entries.map(([mode, name, object]) =>
      Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.from(object, "hex")]),
    ),
  );
  const file = join(mkdtempSync(join(tmpdir(), "tsbuild-")), "tree");
  try {
    writeFileSync(file, data);
    return server.git("a.git", ["hash-object", "-t", "tree", "-w", "--literally", file]);
  } finally {
    rmSync(join(file, ".."), { recursive: true });
  }
}

test("neither hooks nor filters of a repository or of this machine run", async () => {
  await using bench = await openBench();
  const home = mkdtempSync(join(tmpdir(), "tsbuild-"));
  const canary = join(home, "canary");
  try {
    writeFileSync(
      join(home, ".gitconfig"),
      `[filter "x"]\n\tsmudge = touch ${canary}\n[core]\n\thooksPath = ${home}\n\tsshCommand = touch ${canary}\n[url "http://127.0.0.1:1/"]\n\tinsteadOf = http://\n`,
    );
    writeFileSync(join(home, "post-checkout"), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    writeFileSync(join(home, "reference-transaction"), `#!/bin/sh\ntouch ${canary}\n`, { mode: 0o755 });
    bench.server.commit("a.git", { f: "1", ".gitattributes": "* filter=x text eol=crlf\n" });
    const tree = await fetchGit(
      { remote: bench.server.url("a.git"), keepGitDir: true, submodules: true },
      {
        store: bench.scratch.store,
        env: { PATH: process.env["PATH"], HOME: home, GIT_CONFIG_COUNT: "1", GIT_SSH_COMMAND: "false" },
        signal: new AbortController().signal,
        secretOf: () => undefined,
      },
    );
    assert.equal(tree.stat("f" as Bytes)?.size, 1);
    assert.equal(existsSync(canary), false);
  } finally {
    rmSync(home, { recursive: true });
  }
});

test("credentials of a URL open a private repository, and are seen nowhere", async () => {
  await using bench = await openBench();
  const { server, scratch } = bench;
  server.commit("a.git", { f: "1" });
  server.authorization = `Basic ${Buffer.from("u:ge heim").toString("base64")}`;
  const remote = server.url("a.git").replace("//", "//u:ge%20heim@");
  assert.equal(lines(await bench.get({ remote, keepGitDir: true })).includes("f 644 1"), true);
  const stored = readdirSync(scratch.root, { recursive: true, encoding: "utf8" })
    .map((name) => join(scratch.root, name))
    .filter((path) => statSync(path).isFile());
  for (const path of stored) assert.doesNotMatch(readFileSync(path, "latin1"), /ge(%20| )heim/, path);
});

test("a private repository without credentials fails at once, and says what to do", async () => {
  await using bench = await openBench();
  bench.server.commit("a.git", { f: "1" });
  bench.server.authorization = "Basic x";
  await assert.rejects(bench.get({}), { code: "NETWORK", hint: /private or does not exist/ });
});
