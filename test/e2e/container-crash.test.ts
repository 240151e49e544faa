import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { containerHosts } from "../support/container-host.ts";
import { projectRoot } from "../support/project.ts";

const LIVES = 'console.log("ready"); setInterval(() => {}, 1e6)';

for (const { who, skip, open } of containerHosts()) {
  test(`containers of ${who} are what they are said to be, whoever dies`, { skip }, async (t) => {
    await using host = await open();
    const { tsbuild } = host;
    const kill = (): number => {
      const { started } = host.record();
      assert.ok(started);
      process.kill(started.supervisor, "SIGKILL");
      // Its children die with it; a process that nobody has waited for yet is no process.
      while (isAlive(started.pid) || isAlive(started.supervisor)) continue;
      return started.pid;
    };

    await t.test("a container dies with its supervisor, and ps says so", () => {
      host.start("lost", LIVES);
      assert.match(tsbuild("ps").output, / Up .* lost/);
      kill();
      assert.match(tsbuild("ps", "-a").output, / Exited \(137\) .* lost/);
      assert.equal(
        tsbuild("inspect", "-f", "{{.State.Error}}", "lost").output,
        "its supervisor was killed, and it died with it\n",
      );
      assert.equal(tsbuild("wait", "lost").output, "137\n");
      assert.equal(tsbuild("stop", "lost").status, 0);
      assert.match(tsbuild("kill", "lost").output, /Cannot kill container lost: it does not run/);
      assert.equal(tsbuild("rm", "lost").status, 0);
    });
    await t.test("what should have gone with its end goes with the next command", () => {
      host.start("gone", LIVES, "--rm");
      kill();
      const directory = host.container();
      const refused = tsbuild(
        "run",
        "--name",
        "gone",
        "--cidfile",
        join(host.directory, "cid"),
        "app",
        "nowhere",
      );
      assert.equal(refused.status, 127, refused.output);
      assert.equal(existsSync(directory), false);
      tsbuild("rm", "gone");
      assert.equal(tsbuild("ps", "-aq").output, "");
    });
    await t.test("a restart of the machine ends containers, whatever has their numbers then", () => {
      host.start("old", LIVES, "--init");
      assert.equal(tsbuild("exec", "old", "node", "-e", "console.log(process.pid > 1)").output, "true\n");
      kill();
      const path = join(host.container(), "container.json");
      const record = JSON.parse(readFileSync(path, "utf8"));
      // The numbers of a process that lives: this one.
      writeFileSync(
        path,
        JSON.stringify({
          ...record,
          started: { ...record.started, supervisor: process.pid, boot: "00000000" },
        }),
      );
      assert.match(tsbuild("ps", "-a").output, / Exited \(255\) .* old/);
      tsbuild("rm", "old");
    });
    await t.test("what is executed beside it ends with it, and runs as who is asked for", () => {
      host.start("both", LIVES, "-u", "5:6");
      const ids = "console.log(process.getuid(), process.getgid(), process.env.HOME, process.cwd())";
      assert.equal(tsbuild("exec", "both", "node", "-e", ids).output, "5 6 / /\n");
      tsbuild("rm", "-f", "both");
      host.start("both", `fs.writeFileSync("/etc/passwd", "late:x:77:88::/home/late:/bin/sh\\n"); ${LIVES}`);
      assert.equal(tsbuild("exec", "-u", "late", "both", "node", "-e", ids).output, "77 88 /home/late /\n");
      assert.equal(tsbuild("exec", "-d", "both", "node", "-e", LIVES).status, 0);
      const processes = "console.log(fs.readdirSync('/proc').filter((name) => /^\\d+$/.test(name)).length)";
      assert.equal(tsbuild("exec", "both", "node", "-e", processes).output, "3\n");
      assert.equal(tsbuild("stop", "-t", "0", "both").status, 0);
      assert.equal(tsbuild("rm", "both").status, 0);
    });
    await t.test("one that ended goes on with what it wrote, as it was asked for", () => {
      const script = `fs.appendFileSync("/count", "x"); console.log(fs.readFileSync("/count", "utf8"), process.env.ASKED, process.getuid()); ${LIVES}`;
      // Without a network there is nothing to say of it.
      host.start("more", script, "-e", "ASKED=yes", "--network", "none");
      kill();
      assert.equal(tsbuild("start", "more").output, "more\n");
      assert.equal(tsbuild("start", "more").status, 0);
      while (!tsbuild("logs", "more").output.includes("xx")) continue;
      assert.equal(tsbuild("logs", "more").output, "x yes 0\nready\nxx yes 0\nready\n");
      assert.match(tsbuild("ps").output, / Up .* more/);
      assert.equal(tsbuild("exec", "more", "node", "-e", "1").status, 0);
      tsbuild("stop", "-t", "0", "more");
      for (const json of ["{", "[]", '{"command":[],"env":[],"volumes":[1]}']) {
        writeFileSync(join(host.container(), "request.json"), json);
        const { status, output } = tsbuild("start", "more");
        assert.equal(status, 1);
        assert.match(output, /Cannot start container more: its record is damaged/);
      }
      tsbuild("rm", "more");
    });
    await t.test("logs -f goes on until the end", () => {
      host.start(
        "tail",
        'console.log("ready"); process.on("SIGUSR1", () => { console.log("last"); process.exit(3); }); setInterval(() => {}, 1e6)',
      );
      const shell = `"$@" logs -f tail & "$@" kill -s USR1 tail >/dev/null; wait`;
      assert.equal(host.shell(shell).output, "ready\nlast\n");
      assert.equal(tsbuild("wait", "tail").output, "3\n");
    });
  });
}

test(
  "a store that other pid namespaces use tells them the same",
  { skip: process.getuid?.() !== 0 && "needs root" },
  async () => {
    const [root] = containerHosts();
    assert.ok(root);
    await using host = await root.open();
    host.start("seen", LIVES);
    const cli = join(projectRoot, "dist/bin/tsbuild.cjs");
    const elsewhere = (...args: string[]): string =>
      spawnSync("unshare", ["--pid", "--fork", "--mount-proc", process.execPath, cli, ...args], {
        env: { PATH: process.env["PATH"], TSBUILD_ROOT: host.store },
        encoding: "utf8",
      }).stdout;
    assert.match(elsewhere("ps"), / Up .* seen/);
    assert.equal(elsewhere("kill", "seen"), "seen\n");
    assert.equal(host.tsbuild("wait", "seen").output, "137\n");
  },
);

function isAlive(pid: number): boolean {
  const status = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, "latin1") : "";
  return status !== "" && !/\) [ZX] /.test(status);
}
