import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { containerHosts } from "../support/container-host.ts";
import { listTree } from "../support/list-tree.ts";

/** Looks at every process that comes, in every way that a descriptor of the host could be got at; says what it got. */
const SPY = `
const fs = require("fs");
const got = new Set();
const note = (text) => { if (!got.has(text)) { got.add(text); console.log("got " + text); } };
const spy = () => {
  for (let turn = 0; turn < 40; turn++) for (const pid of fs.readdirSync("/proc").filter((name) => /^\\d+$/.test(name) && name !== "1")) {
    const at = "/proc/" + pid;
    let mine = "";
    try { mine = fs.readlinkSync(at + "/exe"); } catch {}
    if (mine !== "" && mine !== "/usr/bin/node" && mine !== "/bin/sh") {
      note("exe " + mine);
      try { fs.writeSync(fs.openSync(at + "/exe", "r+"), "#!"); note("WRITE exe"); } catch {}
    }
    for (const name of ["root", "cwd"]) try { if (fs.existsSync(at + "/" + name + "/canary-of-host")) note("HOST " + name); } catch {}
    try { for (const fd of fs.readdirSync(at + "/fd")) {
      const link = fs.readlinkSync(at + "/fd/" + fd);
      if (link.startsWith("/") && !/^\\/(dev|proc|etc|usr|lib|lib64|bin)\\b/.test(link) && link !== "/" && link !== "/self") note("HOST fd " + link);
      if (fs.existsSync(at + "/fd/" + fd + "/canary-of-host")) note("HOST fd " + fd);
    } } catch {}
  }
  setImmediate(spy);
};
console.log("ready");
spy();
`;

for (const { who, skip, open } of containerHosts()) {
  test(`attacks on and by containers of ${who} change nothing outside`, { skip }, async (t) => {
    await using host = await open();
    const { directory, tsbuild } = host;
    const canary = join(directory, "canary-of-host");
    mkdirSync(canary);
    writeFileSync(join(canary, "alive"), "alive", { mode: 0o666 });
    const before = listTree(canary);
    const binary = join(import.meta.dirname, "../../../native/build/tsbuild-helper");
    const digest = (): string => createHash("sha256").update(readFileSync(binary)).digest("hex");
    const helper = digest();

    await t.test("names of containers are no paths", () => {
      assert.match(tsbuild("run", "--name=../up", "app", "true").output, /Cannot name a container "..\/up"/);
      for (const path of ["../../canary-of-host", canary])
        assert.match(tsbuild("rm", "-f", path).output, /Cannot find container/);
      assert.equal(tsbuild("ps", "-aq").output, "");
    });

    await t.test("whoever is entered sees nothing of who enters (CVE-2019-5736)", () => {
      host.start("spy", SPY);
      // Looked for in so many places, which gives the spy time: the program that enters is in the container by then.
      const everywhere = `PATH=${"/0:".repeat(43_000)}`;
      assert.equal(tsbuild("exec", "-e", everywhere, "spy", "nowhere").status, 127);
      assert.equal(tsbuild("logs", "spy").output, "ready\n");
      // What is executed is the program that executes: once more, in the container, with its rights.
      const script = 'fs.writeFileSync("/self", "#!/proc/self/exe\\n", { mode: 0o755 })';
      assert.equal(tsbuild("exec", "spy", "node", "-e", script).status, 0);
      tsbuild("exec", "spy", "/self");
      assert.doesNotMatch(tsbuild("logs", "spy").output, /HOST|WRITE/);
      assert.equal(digest(), helper);
    });
    await t.test("a working directory is never a descriptor of the host (CVE-2024-21626)", () => {
      const script = "console.log(process.cwd(), fs.readdirSync('.').join(), fs.readdirSync('..').join())";
      for (let fd = 3; fd < 10; fd++) {
        const { output } = tsbuild("exec", "-w", `/proc/self/fd/${fd}`, "spy", "node", "-e", script);
        assert.doesNotMatch(output, /canary|containers|store/);
      }
    });
    await t.test("what is executed has no descriptors but its own", () => {
      const script =
        "console.log(fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }).filter((link) => link.startsWith('/')).join())";
      assert.match(
        tsbuild("exec", "spy", "node", "-e", script).output,
        /^(?:\/dev\/null|\/proc\/\d+\/fd|,)*\n$/,
      );
      const more =
        "console.log(fs.readFileSync('/proc/self/status', 'utf8').match(/(Seccomp|CapBnd|CapEff|NoNewPrivs):\\s\\w+/g).join())";
      assert.equal(
        tsbuild("exec", "spy", "node", "-e", more).output,
        "CapEff:\t00000000a80425fb,CapBnd:\t00000000a80425fb,NoNewPrivs:\t0,Seccomp:\t2\n",
      );
      assert.match(
        tsbuild("exec", "--privileged", "spy", "true").output,
        /Cannot use --privileged: .*\nhint: a process has no more rights/,
      );
      tsbuild("rm", "-f", "spy");
    });
    await t.test("accounts of a container that are links, pipes or gone lead nowhere", () => {
      const away = 'fs.mkdirSync("/etc", { recursive: true }); fs.rmSync("/etc/passwd", { force: true });';
      const wait = 'console.log("ready"); setInterval(() => {}, 1e6)';
      const tricks = [
        `${away} fs.symlinkSync("${canary}/alive", "/etc/passwd"); ${wait}`,
        `${away} fs.symlinkSync("../../../../../../../../etc/passwd", "/etc/passwd"); ${wait}`,
        `${away} fs.renameSync("/etc", "/was") ; fs.symlinkSync("/proc/1/root/etc", "/etc"); ${wait}`,
        `${away} ${wait}`,
      ];
      for (const trick of tricks) {
        // The files that are bound in keep /etc where it is: it cannot be moved, which is an end, too.
        const { status } = tsbuild("run", "-d", "--name", "trick", "app", "node", "-e", trick);
        assert.equal(status, 0);
        while (
          !tsbuild("logs", "trick").output.includes("ready") &&
          tsbuild("inspect", "-f", "{{.State.Running}}", "trick").output === "true\n"
        )
          continue;
        const { status: entered, output } = tsbuild("exec", "-u", "daemon", "trick", "node", "-e", "1");
        assert.notEqual(entered, 0);
        assert.match(output, /Cannot (find user|execute a command)/);
        tsbuild("rm", "-f", "trick");
      }
    });
    await t.test("a record that says anything is listed, is not entered, and can be removed", () => {
      const bad = [
        "[]",
        '{"name":"../../canary-of-host","argv":[1],"layers":["x"],"snapshots":["../../../canary-of-host"]}',
        '{"started":{"pid":1,"start":1,"supervisor":1,"time":"x","boot":"y"},"process":{"cwd":"/"}}',
        `{"id":"../../..","session":"../x","created":5,"remove":true,"x":${"[".repeat(5000)}`,
      ];
      assert.equal(tsbuild("run", "--name", "bad", "app", "node", "-e", "1").status, 0);
      const record = join(host.container(), "container.json");
      const id = tsbuild("ps", "-aq").output.trim();
      for (const json of bad) {
        writeFileSync(record, json);
        assert.equal(tsbuild("ps", "-aq").output.trim(), id, json);
        for (const command of ["exec", "inspect", "commit"])
          assert.doesNotMatch(
            tsbuild(command, id, "x").output,
            /this is a bug|at .*\.js:/,
            `${command} ${json}`,
          );
      }
      assert.equal(tsbuild("rm", id).status, 0);
      assert.equal(tsbuild("ps", "-aq").output, "");
    });
    await t.test("a pid that is another process's by now is not entered", () => {
      host.start("late", 'console.log("ready"); setInterval(() => {}, 1e6)');
      const path = join(host.container(), "container.json");
      const text = readFileSync(path, "utf8");
      const { started } = host.record();
      assert.ok(started);
      writeFileSync(path, text.replace(`"start": ${started.start}`, `"start": ${started.start + 1}`));
      const { status, output } = tsbuild("exec", "late", "node", "-e", "1");
      assert.equal(status, 1);
      assert.match(output, /Cannot find the container's process/);
      writeFileSync(path, text);
    });
    assert.deepEqual(listTree(canary), before);
  });
}
