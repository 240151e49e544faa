import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { sha256 } from "../../builder/core/digest.ts";
import { openFileServer, type FileServer } from "../support/file-server.ts";
import { openGitServer } from "../support/git-server.ts";
import { listTree } from "../support/list-tree.ts";
import { openRig, type CliOptions, type Outcome, type Rig } from "../support/rig.ts";

/** Builds to a directory; says what is in it: `path type mode owner @time`. */
async function build(
  rig: Rig,
  args: readonly string[],
  options: CliOptions = {},
): Promise<readonly string[]> {
  const outcome = await run(rig, args, options);
  assert.equal(outcome.status, 0, outcome.stderr);
  return listTree(rig.path("out")).map((line) => line.replace(/ \d+ [0-9a-f]{40}$/, ""));
}

let count = 0;

function run(rig: Rig, args: readonly string[], options: CliOptions = {}): Promise<Outcome> {
  execFileSync("rm", ["-rf", rig.path("out")]);
  return rig.tsbuild(["build", "--progress=plain", "-o", rig.path("out"), ...args], options);
}

function dockerfile(rig: Rig, ...lines: readonly string[]): string {
  count += 1;
  return rig.context({ Dockerfile: `${lines.join("\n")}\n`, local: "local" }, `context-${count}`);
}

/** Without the times of directories that the build made. */
function timeless(line: string): string {
  return line.replace(/ @1[7-9]\d+/, "");
}

const TIME = { "last-modified": "Sat, 01 Jan 2022 00:00:00 GMT" };

function tar(server: FileServer, rig: Rig, path: string, files: Readonly<Record<string, string>>): Buffer {
  const directory = rig.context(files, "packed");
  const data = execFileSync("tar", [
    "-cz",
    "--owner=1000",
    "--group=1000",
    "--mtime=@1000000000",
    "-C",
    directory,
    ".",
  ]);
  server.files.set(path, data);
  return data;
}

test("rule 36: ADD of a URL is a file, 0600 of root, with the server's time and the URL's name", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  server.files.set("/d/app.bin", "1").set("/", "2");
  server.headers = TIME;
  tar(server, rig, "/t.tgz", { x: "x" });
  const { origin } = server;
  const context = dockerfile(
    rig,
    "FROM scratch",
    `ADD ${origin}/d/app.bin?v=1 /as`,
    `ADD ${origin}/d/app.bin ${origin} local /in/`,
    `ADD --chmod=755 --chown=7:8 ${origin}/d/app.bin /owned`,
    `ADD ${origin}/t.tgz /packed`,
    `ADD --unpack ${origin}/t.tgz /un/packed`,
  );
  assert.deepEqual((await build(rig, [context])).map(timeless), [
    "as f 0600 0:0 @1640995200",
    "in d 0755 0:0",
    "in/__unnamed__ f 0600 0:0 @1640995200",
    "in/app.bin f 0600 0:0 @1640995200",
    "in/local f 0644 0:0",
    "owned f 0755 7:8 @1640995200",
    "packed f 0600 0:0 @1640995200",
    "un d 0755 0:0",
    "un/packed d 0755 0:0",
    "un/packed/x f 0644 1000:1000 @1000000000",
  ]);
});

test("ADD of an unchanged URL is cached for one request, with --checksum for none", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  server.files.set("/a", "1");
  const plain = dockerfile(rig, "FROM scratch", `ADD ${server.origin}/a /`);
  await build(rig, [plain]);
  const again = await run(rig, [plain]);
  assert.match(again.stderr, /0 steps run, 1 cached/);
  assert.deepEqual(server.seen.splice(0), ["GET /a 200", "GET /a 304"]);
  server.files.set("/a", "2");
  assert.match((await run(rig, [plain])).stderr, /1 step run, 0 cached/);
  server.seen.length = 0;

  const sum = `--checksum=${sha256("2")}`;
  const pinned = dockerfile(rig, "FROM scratch", `ADD ${sum} ${server.origin}/a /`);
  server.files.delete("/a");
  assert.equal((await run(rig, [pinned])).status, 0);
  assert.deepEqual(server.seen, []);
});

test("an ADD that fails says where and why, with no credentials (ATTACKS 21, 22)", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  server.files.set("/a", "evil");
  const url = server.origin.replace("//", "//user:geheim@");
  const wrong = await run(rig, [
    dockerfile(rig, "FROM scratch", `ADD --checksum=${sha256("good")} ${url}/a /`),
  ]);
  assert.equal(wrong.status, 1);
  assert.match(wrong.stderr, /its digest is sha256:[0-9a-f]+, not sha256:/);
  assert.match(wrong.stderr, /2 \| >>> ADD/);
  const gone = await run(rig, [dockerfile(rig, "FROM scratch", `ADD ${url}/none /`)]);
  assert.equal(gone.status, 3);
  assert.match(gone.stderr, /the server does not have it \(status 404\)/);
  for (const { stderr } of [wrong, gone]) assert.doesNotMatch(stderr, /geheim/);
});

test("rule 36: ADD of a repository is its files, and cached while its ref stays", async () => {
  await using rig = openRig();
  await using server = await openGitServer();
  server.create("r.git");
  server.commit("r.git", { "d/run": { run: "1" }, f: "2", ".dockerignore": "f" });
  const context = dockerfile(
    rig,
    "FROM scratch",
    `ADD ${server.url("r.git")} /all/`,
    `ADD --chown=7:8 --exclude=run ${server.url("r.git")}#main:d /sub`,
  );
  const files = [
    "all d 0755 0:0 @1600000000",
    "all/.dockerignore f 0644 0:0 @1600000000",
    "all/d d 0755 0:0 @1600000000",
    "all/d/run f 0755 0:0 @1600000000",
    "all/f f 0644 0:0 @1600000000",
    "sub d 0755 7:8 @1600000000",
  ];
  assert.deepEqual(await build(rig, [context]), files);
  assert.match((await run(rig, [context])).stderr, /0 steps run, 2 cached/);
  server.commit("r.git", { f: "3" });
  assert.equal((await run(rig, [context])).status, 1, "the directory d is gone");
});

function hasGit(files: readonly string[]): boolean {
  return files.some((line) => line.startsWith(".git/HEAD "));
}

test("a context is a repository with a ref and a directory, --file a path in it (rule 38)", async () => {
  await using rig = openRig();
  await using server = await openGitServer();
  server.create("r.git");
  const text = "FROM scratch\nCOPY . /\n";
  server.commit(
    "r.git",
    { "d/Dockerfile": text, "d/build/other": `${text}COPY f /g\n`, "d/f": "1", "d/.dockerignore": "f" },
    "next",
  );
  const url = `${server.url("r.git")}#next:d`;
  assert.deepEqual(
    (await build(rig, [url])).filter((line) => / f /.test(line)),
    [
      ".dockerignore f 0644 0:0 @1600000000",
      "Dockerfile f 0644 0:0 @1600000000",
      "build/other f 0644 0:0 @1600000000",
      "f f 0644 0:0 @1600000000",
    ],
  );
  assert.ok((await build(rig, ["-f", "build/other", url])).includes("g f 0644 0:0 @1600000000"));
  const whole = ["-f", "d/Dockerfile", `${server.url("r.git")}#next`];
  assert.ok(!hasGit(await build(rig, whole)));
  assert.ok(hasGit(await build(rig, ["--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", ...whole])));
  const missing = await run(rig, ["-f", "../../etc/passwd", url]);
  assert.match(
    missing.stderr,
    /Cannot read Dockerfile "\.\.\/\.\.\/etc\/passwd": it is not in the build context/,
  );
});

test("a context is an archive at a URL or on standard input, or the Dockerfile alone", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  server.headers = TIME;
  const files = { Dockerfile: "FROM scratch\nCOPY . /\n", f: "1", ".dockerignore": "f" };
  const packed = tar(server, rig, "/c", files);
  const expected = [".dockerignore", "Dockerfile", "f"].map((name) => `${name} f 0644 0:0 @1000000000`);
  assert.deepEqual(await build(rig, [server.url("/c").href]), expected);
  assert.deepEqual(await build(rig, ["-"], { input: packed }), expected);
  assert.match((await run(rig, [server.url("/c").href])).stderr, /0 steps run, 1 cached/);

  server.files.set("/df", files.Dockerfile);
  assert.deepEqual(await build(rig, [server.url("/df").href]), ["context f 0600 0:0 @1640995200"]);
  const inline = "FROM scratch\nCOPY <<f /\ntext\nf\n";
  assert.equal((await build(rig, ["-"], { input: inline })).length, 1);
  assert.equal(readFileSync(rig.path("out/f"), "utf8"), "text\n");
  const stdin = "FROM scratch\nCOPY f /g\n";
  assert.deepEqual(await build(rig, ["-f", "-", server.url("/c").href], { input: stdin }), [
    "g f 0644 0:0 @1000000000",
  ]);
});

test("--file may be a URL, and is no archive", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  server.files.set("/df", "FROM scratch\nCOPY local /\n");
  tar(server, rig, "/t.tgz", { Dockerfile: "FROM scratch" });
  const context = dockerfile(rig, "FROM none");
  const lines = await build(rig, ["-f", server.url("/df").href, context]);
  assert.deepEqual(lines.map(timeless), ["local f 0644 0:0"]);
  const { stderr } = await run(rig, ["-f", server.url("/t.tgz").href, context]);
  assert.match(stderr, /Cannot use --file .*: it is an archive/);
});

test("what standard input and --file cannot mean together is said", async () => {
  await using rig = openRig();
  const cases: readonly (readonly [args: readonly string[], input: string, message: RegExp])[] = [
    [["-f", "-", "-"], "", /both the Dockerfile and the build context/],
    [["-"], "", /standard input is empty/],
    [["-f", "x", "-"], "FROM scratch\n", /Cannot use --file x: what PATH names is a Dockerfile itself/],
    [["https://127.0.0.1:1/x.tgz"], "", /nothing listens on port 1/],
  ];
  for (const [args, input, message] of cases) assert.match((await run(rig, args, { input })).stderr, message);
});

test("named contexts stand in for stages, bases and sources, in any case of letters", async () => {
  await using rig = openRig();
  await using server = await openFileServer();
  await using repositories = await openGitServer();
  repositories.create("r.git");
  repositories.commit("r.git", { f: "git" });
  server.files.set("/file", "web");
  const base = rig.context({ base: "1", hidden: "2", ".dockerignore": "hidden" }, "base");
  const context = dockerfile(
    rig,
    "FROM docker.io/library/base:latest AS one",
    "FROM scratch AS tools",
    "RUN is never run",
    "FROM one",
    "COPY --from=TOOLS base /tool",
    "COPY --from=Repo f /repo",
    "COPY --from=web context /web",
    "COPY --from=unused-is-not-opened x* /",
  );
  const named = [
    `base=${base}`,
    `tools=${base}`,
    `repo=${repositories.url("r.git")}`,
    `web=${server.url("/file").href}`,
    "unused-is-not-opened=docker-image://scratch",
    "never=http://127.0.0.1:1/x",
  ].flatMap((text) => ["--build-context", text]);
  const lines = await build(rig, [...named, context]);
  assert.deepEqual(
    lines.map((line) => line.split(" ")[0]),
    [".dockerignore", "base", "repo", "tool", "web"],
  );
  assert.equal(readFileSync(rig.path("out/repo"), "utf8"), "git");
  assert.equal(readFileSync(rig.path("out/web"), "utf8"), "web");
  assert.match((await run(rig, [...named, context])).stderr, / 0 steps run/);
});

test("a named context that cannot be one is refused before anything is built", async () => {
  await using rig = openRig();
  const context = dockerfile(rig, "FROM scratch", "COPY --from=a x /");
  const cases: readonly (readonly [text: string, message: RegExp])[] = [
    ["A b=.", /Cannot use build context "A b"/],
    ["a=target:x", /Cannot use build context "a=target:x": targets of other builds are not supported/],
    ["a=docker-image://UPPER", /upper-case/],
    ["a=/nowhere", /Cannot use "\/nowhere" as build context: it does not exist/],
    ["a=-", /only PATH can be standard input/],
  ];
  for (const [text, message] of cases)
    assert.match((await run(rig, ["--build-context", text, context])).stderr, message);
});
