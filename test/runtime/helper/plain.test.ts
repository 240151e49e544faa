import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { MountSpec, PlainRoot, RunPlan } from "../../../runtime/types.ts";
import { heldMounts, marked } from "./plain-mounts.ts";
import { Lines, Rig, exists, skip } from "./rig.ts";

const DEV: MountSpec = { type: "dev", target: "/dev", shmSize: 0 };

async function step(rig: Rig, command: string, changes: Partial<RunPlan> & { root: PlainRoot }) {
  const lines = new Lines();
  let output = "";
  const exit = await rig.helper.run(rig.plan(command, { init: false, mounts: [DEV], ...changes }), {
    onOutput: (_, data) => (output += data.toString()),
    changes: lines,
  });
  return { ...exit, output, lines: lines.lines, contents: lines.contents };
}

test("every change of a plain tree is seen, and nothing else", { skip }, async (t) => {
  await using rig = await Rig.start({ plain: true });
  const setup =
    "cd /srv; echo 1 >same-size; echo 2 >mode; echo 3 >gone; mkdir -p dir/deep moved; echo 4 >dir/f; echo 5 >moved/g; " +
    "echo 6 >a; ln a b; touch -d @5 same-size dir . /etc";
  const cases: readonly (readonly [command: string, lines: readonly string[]])[] = [
    ["true", []],
    ["cat same-size; ls -lR / >/dev/null", []],
    // Neither size nor time tell of it.
    [
      "printf X | dd of=same-size conv=notrunc 2>/dev/null; touch -d @5 same-size",
      ["srv/same-size file 644 0:0"],
    ],
    ["chmod 644 mode", ["srv/mode file 644 0:0"]],
    ["chown 7:8 mode", ["srv/mode file 644 7:8"]],
    ["rm gone; touch -d @5 .", ["srv/gone whiteout"]],
    [
      "rm -r dir; mkdir dir; echo >dir/new",
      [
        "srv/dir directory 755 0:0",
        "srv/dir/deep whiteout",
        "srv/dir/f whiteout",
        "srv/dir/new file 644 0:0",
      ],
    ],
    ["rm -r dir; echo >dir", ["srv/dir file 644 0:0"]],
    ["rm gone; mkdir gone", ["srv/gone directory 755 0:0"]],
    ["mv moved other", ["srv/moved whiteout", "srv/other directory 755 0:0", "srv/other/g file 644 0:0"]],
    ["echo 7 >>a", ["srv/a file 644 0:0", "srv/b hardlink 644 0:0 -> srv/a"]],
    // As an overlay copies up what is opened for writing, whatever is done with it, and one name of it alone.
    [
      ": >>same-size; exec 3<>a; exec 4<gone; :>>b; echo >/etc/new; rm /etc/new; touch -d @5 /etc",
      ["srv/a file 644 0:0", "srv/b file 644 0:0", "srv/same-size file 644 0:0"],
    ],
    ["ln -s x l; mkfifo p", ["srv/l symlink 777 0:0 -> x", "srv/p fifo 644 0:0"]],
    ["echo >/dev/new; echo >/dev/null; mkdir /dev/shm/d", []],
  ];
  for (const [command, expected] of cases) {
    await t.test(command, async () => {
      const root = await rig.plainTree();
      const made = await step(rig, `mkdir /srv; ${setup}`, { root });
      assert.equal(made.code, 0, made.output);
      const { code, output, lines } = await step(rig, `cd /srv; ${command}`, { root });
      assert.equal(code, 0, output);
      // The parent of what changed stands before it.
      assert.deepEqual(lines, lines.length > 0 ? ["srv directory 755 0:0", ...expected] : expected);
    });
  }
});

test("a directory of which a layer without later times says the same has not changed", { skip }, async () => {
  await using rig = await Rig.start({ plain: true });
  const root = { ...(await rig.plainTree()), epoch: 1000 };
  await step(rig, "mkdir /d /old; touch -d @5000 /d; touch -d @10 /old", { root });
  const { lines } = await step(rig, "touch /d/x /old/x; rm /d/x /old/x", { root });
  assert.deepEqual(lines, ["old directory 755 0:0"]);
});

function file(target: string): MountSpec {
  return { type: "file", target, data: Buffer.from("mine"), mode: 0o640, uid: 1, gid: 2, flags: {} };
}

test("what is mounted in a plain tree goes with the step", { skip }, async (t) => {
  await using rig = await Rig.start({ plain: true });
  await t.test("targets that are missing, that exist and that are symlinks", async () => {
    const root = await rig.plainTree();
    await step(rig, "echo old >/etc/resolv.conf; ln -s ../run/there /etc/link; mkdir /etc/empty", { root });
    const before = statSync(join(root.path, "etc/resolv.conf"));
    const targets = ["/etc/resolv.conf", "/etc/link", "/new/deep/file", "/etc/empty/f"];
    const { lines, output } = await step(
      rig,
      `cat ${targets.join(" ")} /run/there; stat -c %a:%u:%g /new/deep/file; echo over >/etc/resolv.conf; echo x >/t/lost; ls /t; echo kept >/etc/kept`,
      { root, mounts: [DEV, ...targets.map(file), { type: "tmpfs", target: "/t", mode: 0o1777, flags: {} }] },
    );
    assert.equal(output, `${"mine".repeat(5)}640:1:2\nlost\n`);
    assert.deepEqual(lines, ["etc directory 755 0:0", "etc/kept file 644 0:0"]);
    assert.equal(readFileSync(join(root.path, "etc/resolv.conf"), "latin1"), "old\n");
    assert.equal(statSync(join(root.path, "etc/resolv.conf")).ino, before.ino);
    for (const path of ["new", "run", "t"]) assert.ok(!exists(join(root.path, path)), path);
  });

  await t.test("a cache is moved there and back, whatever the step does to it", async () => {
    const root = await rig.plainTree();
    const mounts = heldMounts(rig);
    const cache = rig.path("cache/data");
    const inode = statSync(cache).ino;
    const first = await step(rig, "cat /var/cache/c/kept /run/secrets/s; echo >/var/cache/c/new", {
      root,
      mounts,
    });
    assert.equal(first.output, "kepthush");
    assert.deepEqual([first.lines, readdirSync(cache).sort()], [[], ["kept", "new"]]);
    assert.equal(statSync(cache).ino, inode);
    await step(rig, "rm -rf /var", { root, mounts });
    assert.deepEqual(readdirSync(cache), []);
  });

  await t.test("of a step that fails, too", async () => {
    const root = await rig.plainTree();
    const { code } = await step(rig, "exit 3", { root, mounts: heldMounts(rig) });
    assert.equal(code, 3);
    assert.ok(!exists(join(root.path, "run")));
    assert.ok(existsSync(rig.path("cache/data/kept")));
  });

  await t.test("of one that cannot begin", async () => {
    const root = await rig.plainTree();
    const missing: MountSpec = {
      type: "bind",
      target: "/b",
      source: "/nowhere/at/all",
      recursive: false,
      flags: {},
    };
    await assert.rejects(
      step(rig, "true", { root, mounts: [...heldMounts(rig), missing] }),
      /Cannot move mount source '\/nowhere\/at\/all' to '\/b'/,
    );
    assert.ok(!exists(join(root.path, "run")));
    assert.ok(existsSync(rig.path("cache/data/kept")));
  });
});

test("no process of a step in a plain tree outlives it", { skip }, async () => {
  await using rig = await Rig.start({ plain: true });
  const root = await rig.plainTree();
  const env = ["PATH=/bin", `MARK=${rig.root}`];
  const command =
    "for i in 1 2 3; do (setsid sh -c 'trap \"\" TERM HUP; sleep 1000 & sleep 1000' &); done; echo started";
  const { output } = await step(rig, command, { root, env });
  assert.equal(output, "started\n");
  assert.deepEqual(marked(`MARK=${rig.root}`), []);
});

test("a step in a plain tree has the privileges of its plan", { skip }, async () => {
  await using rig = await Rig.start({ plain: true });
  const root = await rig.plainTree();
  const mounts: MountSpec[] = [DEV, { type: "tmpfs", target: "/proc", mode: 0o555, flags: {} }];
  const { output, code } = await step(
    rig,
    "id -u; id -G; ls /proc; test -c /dev/null; echo to >/dev/stdout",
    {
      root,
      mounts,
      uid: 1000,
      gid: 1001,
      groups: [5, 6],
      noNewPrivileges: true,
    },
  );
  assert.equal(code, 0, output);
  assert.equal(output, "1000\n1001 5 6\nto\n");
});

for (const whom of ["client", "helper"]) {
  test(`kill -9 of the ${whom} leaves no secret, no process and every cache`, { skip }, async () => {
    const victim = join(dirname(fileURLToPath(import.meta.url)), "victim.js");
    const client = spawn(process.execPath, [victim, "plain"], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = (await once(client.stdout, "data")) as [Buffer];
    const root = line.toString().trim();
    const secret = join(root, "tree0/run/secrets/s");
    assert.equal(readFileSync(secret, "utf8"), "hush");
    const pid = String(client.pid);
    const [helper = ""] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
    process.kill(Number(whom === "client" ? pid : helper), "SIGKILL");
    await once(client, "close");
    const limit = performance.now() + 120_000;
    while (
      exists(secret) ||
      marked(`MARK=${root}`).length > 0 ||
      !existsSync(join(root, "cache/data/kept"))
    ) {
      assert.ok(performance.now() < limit, "something is left");
      await setImmediate();
    }
    rmSync(root, { recursive: true, maxRetries: 30 });
  });
}

test("a change in the same instant as what it changes is seen", { skip }, async () => {
  await using rig = await Rig.start({ plain: true });
  const root = await rig.plainTree();
  for (let round = 0; round < 20; round++) {
    writeFileSync(join(root.path, "etc/raced"), `old ${round % 10}`);
    const { lines } = await step(rig, `printf 'new ${round % 10}' >/etc/raced`, { root });
    assert.deepEqual(lines, ["etc directory 755 0:0", "etc/raced file 644 0:0"]);
  }
});
