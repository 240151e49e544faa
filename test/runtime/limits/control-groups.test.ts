import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  rmdirSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";
import { ControlGroups } from "../../../runtime/limits/control-groups.ts";
import { isWritable } from "../../../runtime/limits/files.ts";
import { readHierarchies } from "../../../runtime/limits/hierarchies.ts";
import { settingsOf } from "../../../runtime/limits/settings.ts";
import { SandboxLimits } from "../../../runtime/limits/sandbox-limits.ts";
import { processLimit } from "../../../runtime/limits/process-limit.ts";

const unified = readHierarchies().find(({ version }) => version === 2);
const unifiedMissing =
  unified !== undefined && process.getuid?.() === 0 && isWritable(unified.own)
    ? false
    : "needs control groups of version 2 that may be written to";

/** A tree of files like that of version 2, mounted at a temporary directory, with this process in `own`. */
class FakeTree implements Disposable {
  readonly root: string = mkdtempSync(join(tmpdir(), "tsbuild-"));
  readonly proc: string = join(this.root, "proc");

  constructor(own: string, files: Readonly<Record<string, string>>) {
    mkdirSync(this.proc);
    writeFileSync(join(this.proc, "cgroup"), `0::${own}\n`);
    writeFileSync(
      join(this.proc, "mountinfo"),
      `30 23 0:26 / ${this.path("")} rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n`,
    );
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  path(name: string): string {
    return join(this.root, "cgroup", name);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true });
  }
}

test("version 2: groups are made beside our own, below the nearest that gives its controllers on", () => {
  using tree = new FakeTree("/user.slice/app.slice/shell.scope", {
    "user.slice/cgroup.subtree_control": "cpu memory pids",
    "user.slice/cgroup.procs": "",
    "user.slice/app.slice/cgroup.subtree_control": "memory pids",
    "user.slice/app.slice/cgroup.procs": "",
    "user.slice/app.slice/shell.scope/cgroup.subtree_control": "",
    "user.slice/app.slice/shell.scope/cgroup.procs": "1\n",
  });
  const groups = new ControlGroups({ limits: { memory: 1 << 30, pids: 7 }, proc: tree.proc });
  assert.deepEqual([...groups.missing], []);
  using open = groups.open();
  const [directory = ""] = open.directories;
  assert.equal(dirname(directory), tree.path("user.slice/app.slice"));
  const values = ["memory.max", "memory.swap.max", "pids.max"].map((name) =>
    readFileSync(join(directory, name), "utf8"),
  );
  assert.deepEqual(values, [String(1 << 30), String(1 << 30), "7"]);
});

test("version 2: what is not delegated is missing, and the rest still holds", () => {
  using tree = new FakeTree("/box", {
    "box/cgroup.subtree_control": "pids",
    "box/cgroup.procs": "",
  });
  const groups = new ControlGroups({ limits: { memory: 1 << 30, pids: 7 }, proc: tree.proc });
  assert.deepEqual([...groups.missing], ["memory"]);
  using open = groups.open();
  assert.equal(open.directories.length, 1);
  assert.ok(!existsSync(join(open.directories[0] ?? "", "memory.max")));
});

test("version 2: groups are made neither below nor beside threads, nor where they may not be", () => {
  const box = { "box/cgroup.subtree_control": "pids", "box/cgroup.procs": "" };
  const wish = { limits: { pids: 7 }, devices: true };
  const places = (files: Readonly<Record<string, string>>): readonly string[] => {
    using tree = new FakeTree("/box/app", { "box/app/cgroup.subtree_control": "", ...files });
    const groups = new ControlGroups({ ...wish, proc: tree.proc });
    using open = groups.open();
    const made = open.directories.map((directory) => relative(tree.path(""), dirname(directory)));
    return [...made, ...[...groups.missing].map((one) => `no ${one}`)];
  };
  const app = { ...box, "box/app/cgroup.procs": "1\n" };
  assert.deepEqual(places(app), ["box"]);
  assert.deepEqual(places({ ...app, "box/cgroup.type": "domain\n" }), ["box"]);
  assert.deepEqual(
    places({ ...app, "box/cgroup.type": "domain threaded\n", "box/app/cgroup.type": "threaded\n" }),
    ["no pids"],
  );
  // Without the controller there is a group all the same, which devices can be held by.
  assert.deepEqual(places({ ...app, "box/cgroup.subtree_control": "memory" }), ["box/app", "no pids"]);
  // Not given to us: a group's cgroup.procs is what is given.
  assert.deepEqual(places({ "box/cgroup.subtree_control": "pids" }), ["no pids"]);
});

test(
  "version 2: the kernel takes a process in each group that is made",
  { skip: unifiedMissing },
  async () => {
    const name = `tsbuild-test-${process.pid}`;
    const top = join(unified?.own ?? "", name);
    using tree = new FakeTree("/", {});
    const wish = { limits: {}, devices: true, proc: tree.proc };
    const own = (path: string): void => {
      writeFileSync(join(tree.proc, "cgroup"), `0::/${name}${path}\n`);
      const mount = `30 23 0:26 /${name} ${top} rw - cgroup2 cgroup2 rw\n`;
      writeFileSync(join(tree.proc, "mountinfo"), mount);
    };
    mkdirSync(top);
    try {
      mkdirSync(join(top, "a"));
      own("/a");
      {
        using open = new ControlGroups(wish).open();
        const [directory = ""] = open.directories;
        const child = spawn("sleep", ["1000"]);
        writeFileSync(join(directory, "cgroup.procs"), String(child.pid));
        assert.equal(readFileSync(join(directory, "cgroup.procs"), "utf8"), `${child.pid}\n`);
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      assert.deepEqual(
        readdirSync(join(top, "a")).filter((one) => one.startsWith("tsbuild-")),
        [],
      );
      mkdirSync(join(top, "a/threads"));
      writeFileSync(join(top, "a/threads/cgroup.type"), "threaded");
      for (const path of ["/a", "/a/threads"]) {
        own(path);
        using open = new ControlGroups(wish).open();
        assert.deepEqual(open.directories, []);
      }
    } finally {
      for (const path of ["a/threads", "a", ""]) rmdirSync(join(top, path));
    }
  },
);

function delegated(inside: string) {
  return {
    "box/cgroup.controllers": "cpu memory pids",
    "box/cgroup.subtree_control": "",
    "box/cgroup.procs": inside,
  };
}

test("version 2: a group of our own alone is left for a leaf of it, so that it can give its controllers on", () => {
  const left = (tree: FakeTree): string[] =>
    readdirSync(tree.path("box")).filter((name) => name.startsWith("tsbuild-"));
  const wish = { limits: { memory: 1 << 30, pids: 7 } };

  using own = new FakeTree("/box", delegated(`${process.pid}\n`));
  // A tree of files enables nothing: what is seen is what was asked of it.
  assert.equal(new ControlGroups({ ...wish, proc: own.proc }).missing.size, 2);
  const [leaf = ""] = left(own);
  assert.match(leaf, new RegExp(`^tsbuild-\\d+-${process.pid}-self$`));
  assert.equal(readFileSync(own.path(`box/${leaf}/cgroup.procs`), "utf8"), String(process.pid));
  assert.match(readFileSync(own.path("box/cgroup.subtree_control"), "utf8"), /^\+(memory|pids)$/);

  // Nobody else is moved: not a parent's process, and not one that cannot be seen from here.
  for (const inside of [`${process.ppid}\n${process.pid}\n`, `0\n${process.pid}\n`]) {
    using shared = new FakeTree("/box", delegated(inside));
    assert.equal(new ControlGroups({ ...wish, proc: shared.proc }).missing.size, 2);
    assert.deepEqual(left(shared), []);
  }
});

test("version 2: --cgroup-parent is made from the root on", () => {
  using tree = new FakeTree("/box", {
    "cgroup.subtree_control": "pids",
    "cgroup.procs": "",
    "builds/cgroup.subtree_control": "pids",
    "builds/cgroup.procs": "",
  });
  const groups = new ControlGroups({ limits: { pids: 7 }, parent: "builds", proc: tree.proc });
  using open = groups.open();
  assert.equal(dirname(open.directories[0] ?? ""), tree.path("builds"));
});

test("without control groups every limit is missing, and nothing is made", () => {
  using tree = new FakeTree("/", {});
  writeFileSync(join(tree.proc, "mountinfo"), "");
  const groups = new ControlGroups({ limits: { cpus: 2, pids: 7 }, proc: tree.proc });
  assert.deepEqual([...groups.missing].sort(), ["cpu", "pids"]);
  using open = groups.open();
  assert.deepEqual(open.directories, []);
});

test("readHierarchies() finds this process's group in a mount that shows a part of the tree", () => {
  using tree = new FakeTree("/docker/abc/inner", {});
  writeFileSync(
    join(tree.proc, "cgroup"),
    "5:cpu,cpuacct:/docker/abc\n4:pids:/elsewhere\n0::/docker/abc/inner\n",
  );
  writeFileSync(
    join(tree.proc, "mountinfo"),
    [
      "31 30 0:27 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct",
      "32 30 0:28 /docker/abc /sys/fs/cgroup/pi\\040ds rw - cgroup cgroup rw,pids",
      "33 30 0:29 /docker /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw",
      "34 30 0:30 / /tmp rw - tmpfs tmpfs rw",
    ].join("\n"),
  );
  assert.deepEqual(
    readHierarchies(tree.proc).map(({ version, own, controllers }) => [version, own, controllers.join()]),
    [
      [1, "/sys/fs/cgroup/cpu,cpuacct", "cpu,cpuacct"],
      [1, "/sys/fs/cgroup/pi ds", "pids"],
      [2, "/sys/fs/cgroup/unified/abc/inner", ""],
    ],
  );
});

test("settingsOf() says the same to both versions", () => {
  const limits = {
    memory: 1000,
    memorySwap: Number.POSITIVE_INFINITY,
    cpus: 1.5,
    cpuShares: 1024,
    cpusetCpus: "0-1",
  };
  const lines = (version: 1 | 2): string[] =>
    settingsOf(limits, version).map(({ file, value }) => `${file} ${value}`);
  assert.deepEqual(lines(1), [
    "memory.limit_in_bytes 1000",
    "memory.memsw.limit_in_bytes -1",
    "cpu.cfs_period_us 100000",
    "cpu.cfs_quota_us 150000",
    "cpu.shares 1024",
    "cpuset.cpus 0-1",
  ]);
  assert.deepEqual(lines(2), [
    "memory.max 1000",
    "memory.swap.max max",
    "cpu.max 150000 100000",
    "cpu.weight 39",
    "cpuset.cpus 0-1",
  ]);
});

test("an ordinary user's processes are counted by a limit instead, and never above the user's own", () => {
  assert.equal(processLimit(100, 0), undefined);
  assert.equal(processLimit(100, 1000)?.hard, 100);
  const most = processLimit(Number.MAX_SAFE_INTEGER, 1000)?.hard ?? 0;
  assert.ok(most > 0);
});

test("SandboxLimits says once what does not hold, and only what was asked for", () => {
  const said: string[] = [];
  using held = new SandboxLimits({ limits: {}, ulimits: [], hosts: [] }, (message) =>
    said.push(message),
  ).open();
  assert.ok(held.limits.length + held.cgroups.length > 0);
  assert.deepEqual(said, []);
});
