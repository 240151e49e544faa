import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { test } from "node:test";
import type { MountSpec } from "../../../runtime/types.ts";
import { Rig, STANDARD_MOUNTS, exists, skip } from "./rig.ts";

const ALL_FLAGS = { readonly: true, nosuid: true, nodev: true, noexec: true };

function fileMount(target: string, text: string): MountSpec {
  return { type: "file", target, data: Buffer.from(text), mode: 0o644, uid: 0, gid: 0, flags: ALL_FLAGS };
}

function capabilityLines(permitted: string): string[] {
  const none = "0000000000000000";
  return [
    `CapInh: ${none}`,
    `CapPrm: ${permitted}`,
    `CapEff: ${permitted}`,
    "CapBnd: 00000000a80425fb",
    `CapAmb: ${none}`,
  ];
}

function linesOf(text: string): string[] {
  return text
    .trim()
    .split("\n")
    .map((line) => line.trim());
}

test("a step has a first process, a host name, devices and namespaces of its own", { skip }, async () => {
  await using rig = await Rig.start();
  const result = await rig.run(
    "hostname; cat /proc/1/comm; ls /dev; ls -l /dev/null | cut -c1-10; stat -c %a /dev/shm; for n in mnt pid ipc uts cgroup net; do readlink /proc/self/ns/$n; done",
  );
  const [hostname, comm, ...rest] = result.stdout.trim().split("\n");
  assert.deepEqual([hostname, comm], ["box", "tsbuild-init"]);
  const names = `${existsSync("/proc/kcore") ? "core " : ""}fd full mqueue null ptmx pts random shm stderr stdin stdout tty urandom zero`;
  assert.equal(rest.slice(0, -8).join(" "), names);
  assert.deepEqual(rest.slice(-8, -6), ["crw-rw-rw-", "1777"]);
  const own = ["mnt", "pid", "ipc", "uts", "cgroup", "net"].map((kind) =>
    readlinkSync(`/proc/self/ns/${kind}`),
  );
  assert.deepEqual(
    rest.slice(-6).map((name, index) => name === own[index]),
    [false, false, false, false, false, true],
  );
});

test("a step without network has a loopback device alone, and it is up", { skip }, async () => {
  await using rig = await Rig.start();
  const result = await rig.run(
    "ls /sys/class/net; cat /sys/class/net/lo/flags; ping -c1 -W1 127.0.0.1 >/dev/null && echo up",
    {
      network: "none",
    },
  );
  assert.equal(result.stdout, "lo\n0x9\nup\n");
});

test("capabilities: the default ones for root, none for others, never inheritable", { skip }, async () => {
  await using rig = await Rig.start();
  const command = "grep -E '^(Cap|NoNewPrivs|Groups|Umask)' /proc/self/status | tr -s '\\t ' ' '";
  const root = await rig.run(command);
  assert.deepEqual(linesOf(root.stdout), [
    "Umask: 0022",
    "Groups:",
    ...capabilityLines("00000000a80425fb"),
    "NoNewPrivs: 0",
  ]);
  const user = await rig.run(command, {
    uid: 1000,
    gid: 1001,
    groups: [5, 6],
    umask: 0o077,
    noNewPrivileges: true,
  });
  assert.deepEqual(linesOf(user.stdout), [
    "Umask: 0077",
    "Groups: 5 6",
    ...capabilityLines("0000000000000000"),
    "NoNewPrivs: 1",
  ]);
});

test("no descriptor, environment or keyring of the helper reaches a step", { skip }, async () => {
  await using rig = await Rig.start();
  // The fourth is the directory that ls itself reads.
  assert.equal((await rig.run(["ls", "/proc/self/fd"])).stdout, "0\n1\n2\n3\n");
  const env = ["PATH=/bin", "A=b"];
  for (const init of [true, false])
    assert.equal((await rig.run(["env"], { env, init })).stdout, "PATH=/bin\nA=b\n");
  const keyring = async (): Promise<string> => (await rig.run("grep _ses /proc/keys | cut -d' ' -f1")).stdout;
  assert.notEqual(await keyring(), await keyring());
});

test("masked and read-only paths", { skip }, async () => {
  await using rig = await Rig.start();
  const mounts: MountSpec[] = [...STANDARD_MOUNTS, { type: "mask", target: "/proc/version" }];
  const result = await rig.run(
    "wc -c </proc/version; ls /sys/firmware; echo 1 >/proc/sys/kernel/panic; mkdir /sys/x; cat /proc/1/environ /proc/1/exe",
    { mounts },
  );
  assert.match(result.stdout, /^0\n$/);
  assert.match(result.stderr, /panic: Read-only file system/);
  assert.match(result.stderr, /mkdir: .*\/sys\/x/);
  assert.match(result.stderr, /\/proc\/1\/environ.*Permission denied/);
  assert.match(result.stderr, /\/proc\/1\/exe.*Permission denied/);
});

for (const path of ["dev", "proc", "sys", "etc/resolv.conf"]) {
  test(`a base whose /${path} is a symlink out of it mounts nothing outside`, { skip }, async () => {
    await using rig = await Rig.start();
    const outside = rig.path("outside");
    mkdirSync(outside);
    writeFileSync(rig.path("outside/canary"), "alive");
    rmSync(rig.path("base", path), { recursive: true, force: true });
    const leads = path.includes("resolv") ? `${outside}/canary` : outside;
    symlinkSync(leads, rig.path("base", path));
    const root = rig.overlay();
    const mounts = [...STANDARD_MOUNTS, fileMount("/etc/resolv.conf", "nameserver 1.2.3.4\n")];
    const result = await rig.run(
      "cat /etc/resolv.conf; test -c /dev/null && test -d /proc/1 && test -d /sys/class && echo ok",
      { root, mounts },
    );
    assert.equal(result.stdout, "nameserver 1.2.3.4\nok\n", result.stderr);
    assert.deepEqual(readdirSync(outside), ["canary"]);
    assert.equal(readFileSync(rig.path("outside/canary"), "utf8"), "alive");
    assert.deepEqual(await rig.diff(root), []);
  });
}

test("a working directory cannot be a descriptor that leads out", { skip }, async () => {
  await using rig = await Rig.start();
  for (let fd = 3; fd < 20; fd++)
    await assert.rejects(rig.run("pwd; ls", { cwd: `/proc/self/fd/${fd}` }), /working directory|resolve/);
});

test("a working directory is made for its user, inside the root", { skip }, async () => {
  await using rig = await Rig.start();
  symlinkSync("/tmp", rig.path("base/link"));
  const root = rig.overlay();
  const result = await rig.run("pwd; touch here", { root, cwd: "/link/../../a/b", uid: 7, gid: 8 });
  assert.equal(result.stdout, "/a/b\n", result.stderr);
  assert.deepEqual(await rig.diff(root), [
    "a directory 755 7:8",
    "a/b directory 755 7:8",
    "a/b/here file 644 7:8",
  ]);
});

test("mount targets that were missing leave no trace", { skip }, async () => {
  await using rig = await Rig.start();
  const source = rig.path("source");
  mkdirSync(source);
  const mounts: MountSpec[] = [
    ...STANDARD_MOUNTS,
    { type: "bind", target: "/etc/deep/er/dir", source, flags: {}, recursive: false },
    fileMount("/etc/hosts", "x"),
    fileMount("/etc/resolv.conf", "y"),
  ];
  const kept = rig.overlay();
  await rig.run("cat /etc/hosts /etc/resolv.conf; ls /etc/deep/er/dir; echo >/etc/deep/er/dir/f", {
    root: kept,
    mounts,
  });
  assert.deepEqual(await rig.diff(kept), []);
  assert.deepEqual(readdirSync(source), ["f"]);
  const used = rig.overlay();
  await rig.run("echo >/etc/deep/mine", { root: used, mounts });
  assert.deepEqual(await rig.diff(used), [
    "etc directory 755 0:0",
    "etc/deep directory 755 0:0",
    "etc/deep/mine file 644 0:0",
  ]);
});

test("removing a mount target follows no symlink that the step planted", { skip }, async () => {
  await using rig = await Rig.start();
  const outside = rig.path("outside/er");
  mkdirSync(`${outside}/dir`, { recursive: true });
  mkdirSync(rig.path("source"));
  const mounts: MountSpec[] = [
    ...STANDARD_MOUNTS,
    { type: "bind", target: "/etc/deep/er/dir", source: rig.path("source"), flags: {}, recursive: false },
  ];
  const root = rig.overlay();
  await rig.run(`mv /etc/deep /etc/moved; ln -s ${rig.path("outside")} /etc/deep; ls -l /etc`, {
    root,
    mounts,
  });
  assert.ok(exists(`${outside}/dir`));
});

test("bind sources with a subpath stay inside", { skip }, async () => {
  await using rig = await Rig.start();
  mkdirSync(rig.path("cache"));
  writeFileSync(rig.path("canary"), "alive");
  symlinkSync(rig.root, rig.path("cache/sub"));
  const mounts: MountSpec[] = [
    ...STANDARD_MOUNTS,
    { type: "bind", target: "/c", source: rig.path("cache"), subpath: "sub", flags: {}, recursive: false },
  ];
  await assert.rejects(rig.run("ls /c", { mounts }), /Cannot open 'sub' in mount source/);
});

test(
  "what is written to mounted layers is thrown away, and their symlinks lead inside them",
  { skip },
  async () => {
    await using rig = await Rig.start();
    mkdirSync(rig.path("other/data"), { recursive: true });
    mkdirSync(rig.path("more"));
    writeFileSync(rig.path("other/data/f"), "from");
    writeFileSync(rig.path("more/g"), "more");
    symlinkSync("/data", rig.path("more/link"));
    const lowers = [rig.path("other"), rig.path("more")];
    const mounts: MountSpec[] = [
      ...STANDARD_MOUNTS,
      { type: "layers", target: "/rw", lowers, source: "/link", flags: {} },
      { type: "layers", target: "/ro", lowers, source: "/", flags: { readonly: true } },
      { type: "layers", target: "/one", lowers: [rig.path("more")], source: "/g", flags: { readonly: true } },
    ];
    const result = await rig.run("echo new >/rw/f; cat /rw/f /ro/data/f /ro/g /one; touch /ro/x", { mounts });
    assert.equal(result.stdout, "new\nfrommoremore", result.stderr);
    assert.match(result.stderr, /Read-only file system/);
    assert.equal(readFileSync(rig.path("other/data/f"), "utf8"), "from");
  },
);

test("a read-only root cannot be written to, its mounts can", { skip }, async () => {
  await using rig = await Rig.start();
  const root = rig.overlay();
  const mounts: MountSpec[] = [
    ...STANDARD_MOUNTS,
    { type: "tmpfs", target: "/scratch", mode: 0o755, flags: {} },
  ];
  const result = await rig.run("touch /x; touch /scratch/y && echo ok", { root, mounts, readonlyRoot: true });
  assert.match(result.stderr, /Read-only file system/);
  assert.equal(result.stdout, "ok\n");
  assert.deepEqual(await rig.diff(root), []);
});
