import assert from "node:assert/strict";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openFileServer } from "../support/file-server.ts";
import { openGitServer } from "../support/git-server.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

const skip = withoutDockerRegistry() ?? false;

async function ok(rig: Rig, ...args: string[]): Promise<Outcome> {
  const outcome = await rig.tsbuild(args);
  assert.equal(outcome.status, 0, outcome.stderr);
  return outcome;
}

test(
  "tsbuild.lock holds images, URLs and refs to what they were, and serves without a network",
  { skip },
  async () => {
    await using rig = openRig();
    await using registry = await startDockerRegistry();
    await using server = await openFileServer();
    await using git = await openGitServer();
    const base = `${registry.host}/base:1`;
    const pushBase = (text: string): Promise<Outcome> =>
      ok(
        rig,
        "--platform=amd64,arm64",
        "-t",
        base,
        "--push",
        rig.context({ Dockerfile: "FROM scratch\nCOPY f /base\n", f: text }, `base-${text}`),
      );
    await pushBase("old");
    server.files.set("/tool", "old");
    git.create("lib.git");
    const commit = git.commit("lib.git", { file: "old" });
    const text = `FROM ${base}\nADD ${server.origin}/tool /tool\nADD ${git.url("lib.git")}#main /lib\n`;
    const context = rig.context({ Dockerfile: text });
    const lock = `${context}/tsbuild.lock`;
    const build = (...flags: string[]): Promise<Outcome> =>
      rig.tsbuild(["--platform=amd64", "-o", rig.path("out"), ...flags, context]);
    const files = (): readonly string[] =>
      ["base", "tool", "lib/file"].map((path) => readFileSync(rig.path("out", path), "utf8"));

    const unlocked = await build("--frozen");
    assert.match(
      unlocked.stderr,
      /Cannot use --frozen: there is no ".*tsbuild.lock"\nhint: write it with --lock/,
    );
    await ok(rig, "--lock", "-o", rig.path("out"), "--platform=amd64", context);
    const locked = readFileSync(lock, "utf8");
    assert.match(locked, new RegExp(`^"${base}" = "sha256:[0-9a-f]{64}"$`, "m"));
    assert.match(locked, new RegExp(`^"${server.origin}/tool" = "sha256:[0-9a-f]{64}"$`, "m"));
    assert.match(locked, new RegExp(`^"${git.url("lib.git")}#main" = "${commit}"$`, "m"));

    await pushBase("new");
    git.commit("lib.git", { file: "new" });
    server.seen.length = 0;
    rmSync(rig.path("out"), { recursive: true });
    await ok(rig, "--frozen", "--pull", "--platform=amd64", "-o", rig.path("out"), context);
    assert.deepEqual(files(), ["old", "old", "old"]);
    assert.deepEqual(server.seen, []);
    await ok(rig, "--lock", "--platform=arm64", "-o", rig.path("out"), context);
    assert.equal(readFileSync(lock, "utf8"), locked);
    assert.deepEqual(files(), ["old", "old", "old"]);

    const offline = await build("--offline", "--frozen", "--no-cache");
    assert.equal(offline.status, 0, offline.stderr);
    assert.deepEqual(files(), ["old", "old", "old"]);

    await using fresh = openRig();
    const asked = await fresh.tsbuild(["--offline", "--frozen", context]);
    assert.equal(asked.status, 3);
    assert.match(
      asked.stderr,
      /Cannot find image ".*base:1@sha256:.*" for linux\/.*: it is not in the store, and --offline forbids/,
    );
    assert.match(asked.stderr, /hint: run tsbuild pull --platform linux\/\S+ \S+base:1@sha256:/);
    assert.match(asked.stderr, />>> FROM /);

    server.files.set("/tool", "new");
    const moved = await fresh.tsbuild(["--frozen", "--platform=amd64", "-o", fresh.path("out"), context]);
    assert.equal(moved.status, 1);
    assert.match(moved.stderr, /Cannot use .*\/tool: its digest is sha256:\w+, not sha256:\w+/);
    assert.match(moved.stderr, /--update-lock/);

    const updated = await ok(rig, "--update-lock", "--platform=amd64,arm64", context);
    assert.match(updated.stderr, /tsbuild.lock is written: 0 added, 3 changed/);
    assert.notEqual(readFileSync(lock, "utf8"), locked);
    await ok(rig, "--frozen", "--platform=amd64", "-o", rig.path("out"), context);
    assert.deepEqual(files(), ["new", "new", "new"]);

    writeFileSync(`${context}/Dockerfile`, `${text}ADD ${server.origin}/other /\n`);
    const more = await build("--frozen");
    assert.match(more.stderr, />>> ADD .*\/other/);
    assert.match(
      more.stderr,
      /Cannot use .*\/other: tsbuild.lock does not have it, and --frozen takes nothing else/,
    );
    const unknown = await build("--offline");
    assert.match(unknown.stderr, /Cannot download .*\/other: it is not in the store, and --offline forbids/);
  },
);

test("tsbuild.lock holds contexts that are fetched, PATH too, to what they were", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  await using git = await openGitServer();
  git.create("lib.git");
  const Dockerfile = "FROM scratch\nCOPY f /main\nCOPY --from=lib f /lib\nCOPY --from=file context /file\n";
  const commit = git.commit("lib.git", { f: "old", Dockerfile });
  server.files.set("/one", "old");
  const remote = `${git.url("lib.git")}#main`;
  const named = [`--build-context=lib=${remote}`, `--build-context=file=${server.origin}/one`];
  const unused = `--build-context=unused=${server.origin}/none`;
  const [local, cwd] = [rig.context({ Dockerfile, f: "here" }), rig.path("elsewhere")];
  mkdirSync(cwd);
  const files = (): readonly string[] =>
    ["main", "lib", "file"].map((path) => readFileSync(rig.path("out", path), "utf8"));
  const build = async (path: string, ...flags: string[]): Promise<Outcome> => {
    rmSync(rig.path("out"), { recursive: true, force: true });
    return rig.tsbuild(["-o", rig.path("out"), ...named, unused, ...flags, path], { cwd });
  };
  const places = [
    [local, `${local}/tsbuild.lock`, "here"],
    // What is fetched as a whole is locked where one is.
    [remote, `${cwd}/tsbuild.lock`, "old"],
  ] as const;
  for (const [path] of places) {
    const written = await build(path, "--lock");
    assert.equal(written.status, 0, written.stderr);
  }
  git.commit("lib.git", { f: "new", Dockerfile });
  server.files.set("/one", "new");
  for (const [path, lock, main] of places) {
    const locked = readFileSync(lock, "utf8");
    assert.match(locked, new RegExp(`^"${server.origin}/one" = "sha256:[0-9a-f]{64}"$`, "m"));
    assert.match(locked, new RegExp(`^"${remote}" = "${commit}"$`, "m"));
    assert.doesNotMatch(locked, /none/);
    for (const flags of [["--frozen"], ["--lock"], ["--offline", "--frozen", "--no-cache"], ["--offline"]]) {
      const built = await build(path, ...flags);
      assert.equal(built.status, 0, built.stderr);
      assert.deepEqual(files(), [main, "old", "old"], flags.join(" "));
    }
    assert.equal(readFileSync(lock, "utf8"), locked);
  }
  await using fresh = openRig();
  const moved = await fresh.tsbuild(["-q", "--frozen", ...named, remote], { cwd });
  assert.match(moved.stderr, /Cannot use .*\/one: its digest is sha256:\w+, not sha256:\w+[^]*--update-lock/);
  for (const [path, , main] of places) {
    const updated = await build(path, "--update-lock");
    assert.match(updated.stderr, /tsbuild\.lock is written: 0 added, 2 changed/);
    assert.deepEqual(files(), [main === "old" ? "new" : main, "new", "new"]);
    const missing = await build(path, "--frozen", `--build-context=lib=${git.url("lib.git")}`);
    assert.match(missing.stderr, /Cannot use \S+lib\.git: tsbuild\.lock does not have it/);
  }
  const other = await build(git.url("lib.git"), "--frozen");
  assert.match(other.stderr, /Cannot use \S+lib\.git: tsbuild\.lock does not have it/);
});
