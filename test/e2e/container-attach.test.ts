import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { containerHosts } from "../support/container-host.ts";
import { openTerminal, whyNoTerminal } from "../support/tmux.ts";
import { projectRoot } from "../support/project.ts";

/** Says what it gets, a line at a time, until that is "end"; "much": more than any pipe holds. */
const ECHOES = `console.log("ready");
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  console.log(line === "much" ? "x".repeat(1 << 20) : "got " + line);
  if (line === "end" || line === "much") process.exit(3);
}).on("close", () => console.log("closed"))`;

for (const { who, skip, open } of containerHosts()) {
  test(`containers of ${who} are attached to, and run again`, { skip }, async (t) => {
    await using host = await open();
    const { tsbuild } = host;
    const inspect = (name: string, what: string): string =>
      tsbuild("inspect", "-f", what, name).output.trim();

    await t.test("attach passes on what is typed; all who look on see what comes of it", () => {
      host.start("echo", ECHOES, "-i", "--network", "none");
      const { output } = host.shell(`
        cd ${host.directory}; mkfifo in
        "$@" attach echo <in >one & exec 3>in; echo first >&3
        until "$@" logs echo | grep -q first; do :; done
        { echo second; echo end; } | "$@" attach echo >two; echo "status $?"; wait; cat one two`);
      const second = "got second\ngot end\n";
      assert.equal(output, `status 3\ngot first\n${second}${second}`);
      assert.equal(tsbuild("logs", "echo").output, `ready\ngot first\n${second}`);
      tsbuild("rm", "echo");
    });
    await t.test("what runs again can be entered, and killed for good", () => {
      const script = `if (!fs.existsSync("/was")) { fs.writeFileSync("/was", ""); process.exit(1) }
        console.log("ready"); setInterval(() => {}, 1e6)`;
      host.start("second", script, "--restart=unless-stopped", "--network", "none");
      assert.equal(tsbuild("exec", "second", "node", "-p", "fs.existsSync('/was')").output, "true\n");
      assert.match(
        tsbuild("exec", "-w", "/none", "second", "node").output,
        /Cannot enter working directory '\/none': No such file/,
      );
      assert.match(tsbuild("top", "second").output, /node -e/);
      assert.equal(tsbuild("kill", "second").output, "second\n");
      assert.equal(
        inspect("second", "{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}"),
        "1 exited 137",
      );
      assert.equal(tsbuild("start", "second").status, 0);
      assert.equal(inspect("second", "{{.RestartCount}} {{.State.Running}}"), "0 true");
      tsbuild("rm", "-f", "second");
    });
    // The rest of it knows of no users.
    if (who !== "root") return;
    await t.test(
      "the end of what is typed is no end for the container, and a slow reader holds up nobody",
      () => {
        host.start("slow", ECHOES, "-i", "--network", "none");
        const { output } = host.shell(`
        cd ${host.directory}; mkfifo out; exec 4<>out
        echo first | "$@" attach slow >out & one=$!
        until "$@" logs slow | grep -q first; do :; done
        echo much | "$@" attach slow >/dev/null; echo "status $?"; "$@" wait slow; kill -KILL $one`);
        assert.equal(output.split("\n").slice(0, 2).join(), "status 3,3");
        assert.equal(tsbuild("rm", "slow").status, 0);
      },
    );
    await t.test("start -a -i passes on what is typed", () => {
      host.start("again", ECHOES, "-i", "--network", "none");
      tsbuild("kill", "again");
      assert.match(tsbuild("attach", "again").output, /it does not run\nhint: tsbuild start -a again/);
      const { output } = host.shell(`echo end | "$@" start -a -i again; echo "status $?"`);
      assert.equal(output, "ready\ngot end\nstatus 3\n");
      tsbuild("rm", "again");
    });
    // The rest of it knows of no users.
    if (who !== "root") return;
    await t.test("--restart=on-failure:2 runs it three times", () => {
      const script = `console.log("run"); process.exit(4)`;
      tsbuild(
        "run",
        "-d",
        "--name",
        "fails",
        "--restart=on-failure:2",
        "--network=none",
        "app",
        "node",
        "-e",
        script,
      );
      assert.equal(tsbuild("wait", "fails").output, "4\n");
      assert.equal(tsbuild("logs", "fails").output, "run\nrun\nrun\n");
      assert.equal(
        inspect(
          "fails",
          "{{.RestartCount}} {{.State.Status}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}",
        ),
        "2 exited 2",
      );
      tsbuild("rm", "fails");
    });
    await t.test("--restart=always goes on, with what it wrote, until it is stopped", () => {
      const script = `fs.appendFileSync("/runs", "x"); console.log(fs.readFileSync("/runs", "utf8")); process.exit(0)`;
      tsbuild("run", "-d", "--name", "always", "--restart=always", "app", "node", "-e", script);
      // Others remove control groups that nobody needs: a container that rests keeps its own.
      while (!tsbuild("logs", "always").output.includes("xxx"))
        assert.equal(tsbuild("run", "--rm", "--network=none", "app", "node", "-e", "0").status, 0);
      assert.equal(tsbuild("logs", "-f", "--tail", "1", "--until", "1h", "always").output, "");
      while (!/ Restarting \(0\) .* always/.test(tsbuild("ps").output)) continue;
      assert.match(tsbuild("rm", "always").output, /Cannot remove container always: it (is restarting|runs)/);
      assert.equal(tsbuild("stop", "always").output, "always\n");
      assert.match(
        inspect("always", "{{.RestartCount}} {{.State.Status}} {{.State.ExitCode}}"),
        /^(?:[2-9]|\d{2,}) exited 0$/,
      );
      tsbuild("rm", "always");
    });
  });
}

test(
  "attach to a terminal has its size, and is left by keys",
  { skip: whyNoTerminal() ?? containerHosts()[0]?.skip },
  async () => {
    const [root] = containerHosts();
    assert.ok(root);
    await using host = await root.open();
    const script = `console.log("ready"); process.stdin.setRawMode(true);
    const size = () => console.log("size " + process.stdout.columns + " " + process.stdout.rows);
    process.stdout.on("resize", size);
    process.stdin.on("data", (keys) => String(keys) === "q" ? process.exit(5) : console.log("keys " + [...keys]))`;
    host.start("screen", script, "-it", "--network", "none");
    const cli = join(projectRoot, "dist/bin/tsbuild.cjs");
    const looks = (size: { columns: number; rows: number }, flags = "") =>
      openTerminal(`${process.execPath} ${cli} attach ${flags} screen`, {
        env: { TSBUILD_ROOT: host.store },
        ...size,
      });
    using one = looks({ columns: 70, rows: 20 });
    await one.shows(/size 70 20/);
    one.resize(60, 15);
    await one.shows(/size 60 15/);
    one.type("a", "C-c");
    await one.shows(/keys 97(,|[^]*keys )3/);
    one.type("C-p", "b");
    await one.shows(/keys 16(,|[^]*keys )98/);
    one.type("C-p", "C-q");
    await one.shows(/status 0/);
    assert.equal(host.tsbuild("inspect", "-f", "{{.State.Running}}", "screen").output, "true\n");
    using two = looks({ columns: 50, rows: 20 }, "--detach-keys ctrl-x");
    await two.shows(/size 50 20/);
    two.type("C-p", "C-q");
    await two.shows(/keys 16(,|[^]*keys )17/);
    two.type("q");
    await two.shows(/status 5/);
    assert.equal(host.tsbuild("rm", "screen").status, 0);
    // The terminal of run itself is left in the same way.
    const shell = ["run", "-it", "--rm", "--network none", "--name screen", "app", "sh"].join(" ");
    using three = openTerminal(`${process.execPath} ${cli} ${shell}`, {
      env: { TSBUILD_ROOT: host.store },
      columns: 70,
      rows: 20,
    });
    await three.shows(/^[#$]/m);
    three.type("C-p", "C-q");
    await three.shows(/status 0/);
    using four = looks({ columns: 70, rows: 20 });
    four.type("exit 6", "Enter");
    await four.shows(/status 6/);
    assert.equal(host.tsbuild("ps", "-aq").output, "");
  },
);
