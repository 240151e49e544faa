import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openRig, type Outcome } from "../support/rig.ts";
import { layersOf } from "../support/store-image.ts";
import { unprivileged, withoutContainers } from "../support/unprivileged.ts";

const skip = withoutContainers() ?? false;

/** Each line is one that a step without mounts could get wrong. */
const CHANGE = `
const fs = require("fs");
fs.mkdirSync("/srv/x/deep", { recursive: true });
fs.writeFileSync("/srv/x/a", "hi");
fs.chownSync("/srv/x/a", 1000, 1000);
fs.chmodSync("/srv/x/a", 0o4755);
fs.linkSync("/srv/x/a", "/srv/x/b");
fs.symlinkSync("a", "/srv/x/l");
fs.lchownSync("/srv/x/l", 7, 8);
fs.appendFileSync("/etc/passwd", "app:x:4321:4321::/:/bin/sh\\n");
fs.chmodSync("/srv/kept", 0o644);
fs.rmSync("/srv/gone");
fs.rmSync("/srv/tree", { recursive: true });
fs.mkdirSync("/srv/tree");
fs.writeFileSync("/srv/tree/new", "");
fs.utimesSync("/srv/times", 1e9, 1e9);
`;

const DOCKERFILE = `FROM base AS other
RUN node -e 'require("fs").writeFileSync("/made", "elsewhere")'
FROM base
COPY files /srv/
WORKDIR /srv/work
RUN node /srv/change.js
RUN node -e 'for (const path of ["/etc/passwd", "/srv/times", "/srv/x/b"]) fs.closeSync(fs.openSync(path, "a"))'
COPY late /srv/tree/late
RUN --mount=type=cache,target=/var/cache/x --mount=type=secret,id=s --mount=type=tmpfs,target=/scratch/t,size=1m \\
    --mount=type=bind,from=other,target=/other,rw --mount=type=bind,target=/context \\
    node /context/files/mounts.js
RUN --mount=type=cache,target=/var/cache/x node -e 'console.log("cached", require("fs").readFileSync("/var/cache/x/c", "utf8"))'
RUN node -e 'require("child_process").spawn("node", ["-e", "setInterval(() => {}, 1000)"], { detached: true, stdio: "inherit" }).unref(); process.exit()'
USER app
RUN node -e 'console.log("user", process.getuid(), process.getgroups().join()); require("fs").writeFileSync("/tmp/mine", "")'
RUN <<SCRIPT
#!/usr/bin/node
console.log("script", process.getuid())
SCRIPT
`;

const HOSTILE = `FROM base
RUN --mount=type=bind,target=/context node -e 'fs.writeFileSync("/context/late", "changed")'
RUN --mount=type=secret,id=s ["node", "-e", "process.kill(process.ppid, 'SIGKILL'); setInterval(() => {}, 1000)"]
`;

const MOUNTS = `
const fs = require("fs");
fs.writeFileSync("/var/cache/x/c", "from before");
fs.writeFileSync("/scratch/t/lost", "");
fs.writeFileSync("/dev/shm/lost", "");
fs.writeFileSync("/other/lost", "");
// /dev/null is not written to: a container of tsbuild that no control group holds opens no nodes but its own, and there a
// plain file stands in for it.
fs.writeFileSync("/dev/stdout", "to the pipe\\n");
console.log("secret", fs.readFileSync("/run/secrets/s", "utf8").length);
console.log("other", fs.readFileSync("/other/made", "utf8"), fs.readdirSync("/context").join());
console.log("null", fs.readFileSync("/dev/null").length, fs.readFileSync("/etc/hosts", "utf8").includes("localhost"));
fs.writeFileSync("/srv/mounted", "");
`;

function said(outcome: Outcome): string[] {
  return [...outcome.stderr.matchAll(/^#\d+ [\d.]+ (.*)$/gm)].map((match) => match[1] ?? "").sort();
}

test("an unprivileged container builds by chroot what root builds in namespaces", { skip }, async (t) => {
  await using rig = openRig();
  const inner = await unprivileged(rig);
  const context = rig.context({
    Dockerfile: DOCKERFILE,
    late: "late",
    "files/change.js": CHANGE,
    "files/mounts.js": MOUNTS,
    "files/kept": "kept",
    "files/gone": "gone",
    "files/times": "times",
    "files/tree/old": "old",
  });
  writeFileSync(rig.path("secret"), "hush-hush");
  const build = [
    "build",
    "--progress=plain",
    "--build-arg=SOURCE_DATE_EPOCH=1700000000",
    `--secret=id=s,src=${rig.path("secret")}`,
    "--tag=app",
    ...inner.base,
    context,
  ];

  const outside = await rig.tsbuild(build);
  assert.equal(outside.status, 0, outside.stderr);
  const inside = await inner.tsbuild(build);
  assert.equal(inside.status, 0, inside.stderr);

  await t.test("the layers are equal", () => {
    assert.deepEqual(layersOf(inner.store, "app"), layersOf(rig.store, "app"));
  });
  await t.test("steps see their mounts, caches and users", () => {
    assert.deepEqual(said(inside), said(outside));
    assert.deepEqual(said(inside), [
      "cached from before",
      "null 0 true",
      "other elsewhere Dockerfile,files,late",
      "script 4321",
      "secret 9",
      "to the pipe",
      "user 4321 4321",
    ]);
  });
  await t.test("the log says once what is not isolated, and what would be needed", () => {
    const notices = inside.stderr.match(/steps share processes, network and memory.*/g) ?? [];
    assert.equal(notices.length, 1, inside.stderr);
    assert.match(notices[0] ?? "", /--security-opt seccomp=unconfined/);
    assert.equal(inside.stderr.match(/nothing holds the size of \/scratch\/t: /g)?.length, 1, inside.stderr);
  });
  const left = (): string[] =>
    readdirSync(inner.store, { recursive: true, encoding: "utf8" }).filter((path) =>
      /run\/secrets|^tmp\/.*tree/.test(path),
    );
  await t.test("nothing of a secret is left, and nothing of a step", () => assert.deepEqual(left(), []));
  await t.test("nor of one that kills the process which watches it", async () => {
    const file = rig.path("Hostile");
    writeFileSync(file, HOSTILE);
    const { status, stderr } = await inner.tsbuild([...build, "--no-cache", "-f", file]);
    assert.equal(status, 1, stderr);
    assert.match(stderr, /what it wrote to \/context is thrown away: that is mounted read-only/);
    assert.deepEqual(left(), []);
    assert.equal(readFileSync(join(context, "late"), "latin1"), "late");
  });

  await t.test("doctor names the level and the setting for the next one", async () => {
    const { status, stdout } = await inner.tsbuild(["doctor"]);
    assert.equal(status, 0, stdout);
    assert.match(stdout, /ok .*no namespaces: steps run by chroot/);
    assert.match(stdout, /note .*Cannot make a user namespace.*\n.*fix:.*seccomp=unconfined/);
    assert.match(stdout, /ok .*works without namespaces/);
  });
  await t.test("on the container's own filesystem, too", async () => {
    const { status, stderr } = await inner.tsbuild(build, ["--env=TSBUILD_ROOT=/store"]);
    assert.equal(status, 0, stderr);
    assert.match(stderr, /the store lies on an overlay filesystem.*put the store on a volume/);
  });
  await t.test("an ordinary user there can do all but RUN", async () => {
    const files = {
      Dockerfile: "FROM base\nCOPY late /x\nWORKDIR /a/b\n",
      late: "late",
      Run: "FROM base\nRUN ls\n",
    };
    const own = rig.context(files, "copies");
    mkdirSync(rig.path("open"));
    chmodSync(rig.path("open"), 0o777);
    const flags = ["--user=1000", `--env=TSBUILD_ROOT=${rig.path("open/store")}`, "--env=HOME=/tmp"];
    const copies = await inner.tsbuild(["build", ...inner.base, own], flags);
    assert.equal(copies.status, 0, copies.stderr);
    const step = await inner.tsbuild(["build", ...inner.base, "-f", join(own, "Run"), own], flags);
    assert.match(step.stderr, /Cannot make a user namespace[^]*hint: a seccomp filter holds this process/);
    const { status, stdout } = await inner.tsbuild(["doctor"], flags);
    assert.equal(status, 1, stdout);
    assert.match(stdout, /RUN cannot be done[^]*fix: .*runAsUser: 0/);
  });
  await t.test("what cannot be done is an error", async () => {
    for (const [flags, why] of [
      ["--network=none", "it shares the network"],
      ["--security=insecure", "it has no more privileges"],
    ] as const) {
      const file = `FROM base\nRUN ${flags} node --version\n`;
      writeFileSync(join(context, "Refused"), `# syntax=docker/dockerfile:1-labs\n${file}`);
      const args = [
        "build",
        "--allow",
        "security.insecure",
        ...inner.base,
        "-f",
        join(context, "Refused"),
        "--no-cache",
      ];
      const { status, stderr } = await inner.tsbuild([...args, context]);
      assert.equal(status, 1, stderr);
      assert.match(stderr, new RegExp(`Cannot run a step with ${flags} by chroot: ${why}`));
    }
  });
});
