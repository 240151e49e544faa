import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, outcomeOf, saying } from "../support/rig.ts";

/** Counts in a file, a line each. */
const DOCKERFILE = `FROM base
RUN node -e "fs.mkdirSync('/data'); fs.writeFileSync('/data/old', 'old')"
CMD ["node", "-e", "process.on('SIGTERM', () => process.exit(3)); console.log('ready'); setInterval(() => { fs.appendFileSync('/count', '.'); console.log('again') }, 50)"]
`;

test("what can be done to a container that runs, beside stopping it", async (t) => {
  await using rig = openRig();
  const flags = ["-q", "-t", "app", ...(await hostBase(rig))];
  const built = await rig.tsbuild(["build", ...flags, rig.context({ Dockerfile: DOCKERFILE })]);
  assert.equal(built.status, 0, built.stderr);
  const done = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await rig.tsbuild(args);
    assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const refused = async (...args: string[]): Promise<string> => {
    const { status, stderr } = await rig.tsbuild(args);
    assert.equal(status, 1, args.join(" "));
    return stderr;
  };
  const id = (await done("run", "-d", "--name", "first", "--network", "none", "app")).trim();
  const other = (await done("run", "-d", "--name", "other", "--network", "none", "app")).trim();

  await t.test("rename", async () => {
    assert.equal(await done("rename", "first", "web"), "");
    assert.match(await refused("rename", "web", "other"), /container [0-9a-f]{12} has this name/);
    assert.match(await refused("stop", "first"), /Cannot find container "first"/);
  });
  await t.test("top lists its processes and no others", async () => {
    const [header, ...rows] = (await done("top", "web")).trimEnd().split("\n");
    assert.match(header ?? "", /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
    assert.match(rows.join("\n"), /^root +\d+ +\d+ +\d+ +\d\d:\d\d +\? +00:00:\d\d +node -e [^\n]*$/);
    assert.match(await refused("top", "web", "-o", "pid"), /tsbuild exec web ps -o pid/);
  });
  await t.test("port of one that publishes none", async () => {
    assert.equal(await done("port", "web"), "");
    assert.match(await refused("port", "web", "80"), /port 80\/tcp of web: it is not published/);
  });
  await t.test("pause stops it where it is, and unpause lets it go on", async (c) => {
    const { status, stderr } = await rig.tsbuild(["pause", "web"]);
    if (/no control group that stops processes/.test(stderr)) return c.skip(stderr);
    assert.equal(status, 0, stderr);
    // It runs before its first dot is there.
    const file = `${rig.store}/containers/${id}/fs/count`;
    const count = (): number => (existsSync(file) ? readFileSync(file).length : 0);
    const before = count();
    assert.equal(
      await done("ps", "--filter", "status=paused", "--format", "{{.Names}} {{.State}}"),
      "web paused\n",
    );
    assert.match(await refused("exec", "web", "node"), /it is paused/);
    assert.match(await refused("pause", "web"), /it is paused/);
    assert.equal(count(), before);
    await done("unpause", "web");
    while (count() === before) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(await refused("unpause", "web"), /it is not paused/);
    await done("pause", "web");
  });
  await t.test("restart goes on with what it wrote, also of one that is paused", async () => {
    assert.equal(await done("restart", "web"), "web\n");
    assert.equal(
      await done("ps", "--filter", "since=web", "--format", "{{.Names}} {{.State}}"),
      "other running\n",
    );
    assert.equal(await done("ps", "-q", "--no-trunc", "--filter", "before=other"), `${id}\n`);
    assert.equal(existsSync(`${rig.store}/containers/${id}/fs/count`), true);
  });
  await t.test("diff tells what it wrote", async () => {
    const script = "fs.rmSync('/data/old'); fs.mkdirSync('/made'); fs.writeFileSync('/made/it', '')";
    await done("exec", "web", "node", "-e", script);
    assert.equal(await done("diff", "web"), "A /count\nC /data\nD /data/old\nA /made\nA /made/it\n");
    assert.equal((await rig.tsbuild(["diff", "--exit-code", "web"])).status, 1);
  });
  await t.test("cp copies in and out, whether it runs or not", async () => {
    const from = join(rig.directory, "from");
    mkdirSync(join(from, "sub"), { recursive: true });
    writeFileSync(join(from, "one"), "one", { mode: 0o640 });
    writeFileSync(join(from, "sub/two"), "two");
    symlinkSync("one", join(from, "link"));
    const to = join(rig.directory, "to");
    const inside = (script: string): Promise<string> => done("exec", "web", "node", "-p", script);
    assert.equal(await done("cp", from, "web:/"), "");
    assert.equal(
      await inside('fs.readdirSync("/from", { recursive: true }).sort().join()'),
      "link,one,sub,sub/two\n",
    );
    assert.equal(
      await inside('fs.readlinkSync("/from/link") + (fs.statSync("/from/one").mode & 0o777).toString(8)'),
      "one640\n",
    );
    await done("cp", `${from}/.`, "web:/made/here");
    await done("cp", join(from, "one"), "web:made/here/sub/two");
    assert.equal(await inside('fs.readFileSync("/made/here/sub/two", "utf8")'), "one\n");
    await done("stop", "web");
    await done("cp", join(from, "one"), "web:/from/late");
    await done("cp", "-L", "web:/from/link", `${to}`);
    assert.equal(readFileSync(to, "utf8"), "one");
    const tar = await rig.tsbuild(["cp", "web:/from", "-"]);
    assert.equal(tar.status, 0, tar.stderr);
    const names = execFileSync("tar", ["-t"], { input: tar.stdout, encoding: "utf8" });
    assert.equal(names, "from/\nfrom/late\nfrom/link\nfrom/one\nfrom/sub/\nfrom/sub/two\n");
    await done("start", "web");
    const packed = execFileSync("tar", ["-c", "-C", from, "sub"]);
    assert.equal((await rig.tsbuild(["cp", "-", "web:/made"], { input: packed })).status, 0);
    assert.equal(
      await inside('fs.readFileSync("/made/sub/two", "utf8") + fs.existsSync("/from/late")'),
      "twotrue\n",
    );
    for (const [args, why] of [
      [["web:/none", to], /there is no such file or directory/],
      [[from, "web:/made/it"], /a directory cannot replace it/],
      [[join(from, "one"), "web:/none/"], /there is no such directory/],
      [["-", "web:/made/it"], /it is no directory/],
      [["web:/proc/meminfo", to], /it is the kernel's own/],
    ] as const)
      assert.match(await refused("cp", ...args), why);
    const both = await rig.tsbuild(["cp", "web:/x", "other:/x"]);
    assert.match(both.stderr, /both sides are containers\nhint: go through a tar/);
  });
  await t.test("attach shows what comes, and ends as it does", async () => {
    const attached = rig.start(["attach", other]);
    const ended = outcomeOf(attached);
    await saying(attached, /again/);
    assert.equal(await done("stop", "other"), "other\n");
    assert.equal((await ended).status, 3);
    assert.match(await refused("attach", "other"), /it does not run\nhint: tsbuild start -a other/);
  });
  await t.test("container prune removes what ended", async () => {
    assert.equal(await done("container", "prune", "-f", "--filter", "label=none"), "");
    assert.equal(await done("container", "prune", "--force", "--filter", "label!=none"), `${other}\n`);
    assert.equal(await done("ps", "-aq", "--no-trunc"), `${id}\n`);
  });
  await done("rm", "-f", "web");
});
