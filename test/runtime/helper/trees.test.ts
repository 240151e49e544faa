import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { projectRoot } from "../../support/project.ts";
import { Lines, Rig, exists, skip } from "./rig.ts";

test("diff tells a step's changes as a layer has them", { skip }, async (t) => {
  await using rig = await Rig.start();
  const first = rig.overlay();
  await rig.run(
    "mkdir -p /d/sub /d/gone /same/deep; touch /d/a /d/sub/x /d/sub/y /d/gone/f /same/deep/f; echo text >/etc/shadow",
    { root: first },
  );
  const root = rig.overlay([rig.base, first.upper]);
  const result = await rig.run(
    [
      "rm -r /d && mkdir -p /d/sub && echo >/d/sub/new",
      "echo changed >/same/deep/f",
      "ln /etc/shadow /etc/again && ln /etc/shadow /a-link",
      "rm -r /usr && echo file >/usr",
      "chmod 1777 /tmp && chown 5:6 /tmp",
      "mkfifo /pipe && mknod /null c 1 3",
      "mv /bin/busybox /bin/box && ln -s box /bin/busybox",
    ].join("; "),
    { root },
  );
  assert.equal(result.code, 0, result.stderr);
  // A socket is in no layer.
  const server = createServer().listen(join(root.upper, "socket"));
  t.after(() => server.close());
  await once(server, "listening");
  assert.deepEqual(await rig.diff(root), [
    "a-link file 644 0:0",
    "bin directory 755 0:0",
    "bin/box file 755 0:0",
    "bin/busybox symlink 777 0:0 -> box",
    "d directory 755 0:0",
    "d/a whiteout",
    "d/gone whiteout",
    "d/sub directory 755 0:0",
    "d/sub/new file 644 0:0",
    "d/sub/x whiteout",
    "d/sub/y whiteout",
    "etc directory 755 0:0",
    "etc/again hardlink 644 0:0 -> a-link",
    "etc/shadow hardlink 644 0:0 -> a-link",
    "null character 644 0:0",
    "pipe fifo 644 0:0",
    "same directory 755 0:0",
    "same/deep directory 755 0:0",
    "same/deep/f file 644 0:0",
    "tmp directory 1777 5:6",
    "usr file 644 0:0",
  ]);
});

test(
  "diff leaves out a directory of which a layer without later times would say the same",
  { skip },
  async () => {
    await using rig = await Rig.start();
    const first = rig.overlay();
    await rig.run("mkdir /d /old; touch -d @5000 /d; touch -d @10 /old", { root: first });
    const root = rig.overlay([rig.base, first.upper]);
    await rig.run("touch /d/x /old/x; rm /d/x /old/x; touch -d @6000 /d; touch -d @7000 /old", { root });
    const diff = async (epoch?: number): Promise<readonly string[]> => {
      const lines = new Lines();
      await rig.helper.diff({ ...root, epoch }, lines);
      return lines.lines;
    };
    const [d, old] = ["d directory 755 0:0", "old directory 755 0:0"];
    assert.deepEqual(await diff(), [d, old]);
    assert.deepEqual(await diff(5001), [d, old]);
    assert.deepEqual(await diff(5000), [old]);
    assert.deepEqual(await diff(1000), [old]);
    assert.deepEqual(await diff(10), []);
  },
);

test("list and copy see the merged tree", { skip }, async () => {
  await using rig = await Rig.start();
  const root = rig.overlay();
  await rig.run(
    "rm -r /bin; cd /etc; echo one >f; ln f g; ln -s f s; rm passwd; chown 3:4 f; chmod 4755 f; rm -r /usr /proc /sys /dev",
    { root, mounts: [] },
  );
  const expected = [
    "etc directory 755 0:0",
    "etc/f file 4755 3:4",
    "etc/g hardlink 4755 3:4 -> etc/f",
    "etc/s symlink 777 0:0 -> f",
    "tmp directory 755 0:0",
  ];
  const listed = new Lines();
  await rig.helper.list(root, listed);
  assert.deepEqual(listed.lines, expected);
  await rig.helper.copy(root, rig.path("copied"));
  const copied = new Lines();
  await rig.helper.list({ kind: "directory", path: rig.path("copied") }, copied);
  assert.deepEqual(copied.entries, listed.entries);
  assert.equal(readFileSync(rig.path("copied/etc/g"), "utf8"), "one\n");
  await rig.helper.sync(rig.root);
});

test("an image of 500 layers is mounted, and its work directory can be used again", { skip }, async () => {
  await using rig = await Rig.start();
  const lowers = [rig.base];
  for (let i = 1; i < 500; i++) {
    mkdirSync(rig.path(`layer-with-a-long-name-${i}`));
    writeFileSync(rig.path(`layer-with-a-long-name-${i}`, "number"), `${i}`);
    lowers.push(rig.path(`layer-with-a-long-name-${i}`));
  }
  const root = rig.overlay(lowers);
  for (const text of ["one", "two"]) {
    const result = await rig.run(`cat /number; echo ${text} >/mine`, { root });
    assert.equal(result.stdout, "499", result.stderr);
  }
  assert.equal(readFileSync(join(root.upper, "mine"), "utf8"), "two\n");
});

test("the root directory of a new upper is that of the topmost layer", { skip }, async () => {
  await using rig = await Rig.start();
  spawnSync("sh", ["-c", `chmod 1751 '${rig.base}'; chown 7:8 '${rig.base}'; touch -d @99 '${rig.base}'`]);
  assert.equal((await rig.run("stat -c '%a %u:%g %Y' /", { mounts: [] })).stdout, "1751 7:8 99\n");
  const scratch = rig.overlay([]);
  const result = await rig.helper.run(
    {
      ...rig.plan(["/bin/true"]),
      root: scratch,
      mounts: [{ type: "bind", target: "/bin/true", source: "/bin/busybox", flags: {}, recursive: false }],
    },
    { onOutput: () => {} },
  );
  assert.equal(result.code, 0);
  assert.deepEqual(await rig.diff(scratch), []);
});

test("a kernel without the newer mount calls gives the same", { skip }, async () => {
  const build = join(projectRoot, ".build/classic-helper");
  const make = spawnSync("make", [
    "-s",
    "-C",
    join(projectRoot, "native"),
    `BUILD=${build}`,
    "CPPFLAGS=-DCLASSIC_MOUNTS",
  ]);
  assert.equal(make.status, 0, make.stderr.toString());
  await using rig = await Rig.start({ binary: join(build, "tsbuild-helper") });
  const lowers = [rig.base];
  for (let i = 1; i < 200; i++) {
    mkdirSync(rig.path(`layer-with-a-long-name-${i}`));
    lowers.push(rig.path(`layer-with-a-long-name-${i}`));
  }
  const root = rig.overlay(lowers);
  const mounts = [{ type: "layers", target: "/rw", lowers, source: "/etc", flags: {} } as const];
  const result = await rig.run("cd /; rm /etc/passwd; mkdir /new; echo >/rw/x; ls /rw", { root, mounts });
  assert.equal(result.stdout, "passwd\nx\n", result.stderr);
  assert.deepEqual(await rig.diff(root), [
    "etc directory 755 0:0",
    "etc/passwd whiteout",
    "new directory 755 0:0",
  ]);
  const listed = new Lines();
  await rig.helper.list({ kind: "layers", lowers: [rig.base, root.upper] }, listed);
  assert.ok(listed.lines.includes("new directory 755 0:0"));
  assert.ok(!exists(rig.path("base/rw")));
});
