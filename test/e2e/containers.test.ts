import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, statSync } from "node:fs";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, type Rig } from "../support/rig.ts";

const DOCKERFILE = `FROM base
ENV COLOUR=blue
STOPSIGNAL SIGUSR1
CMD ["node", "-e", "process.on('SIGUSR1', () => process.exit(7)); console.log('ready'); console.error('set'); setInterval(() => {}, 1e6)"]
`;

async function open(): Promise<Rig> {
  const rig = openRig();
  const flags = ["-q", "-t", "app", ...(await hostBase(rig))];
  const { status, stderr } = await rig.tsbuild(["build", ...flags, rig.context({ Dockerfile: DOCKERFILE })]);
  assert.equal(status, 0, stderr);
  return rig;
}

test("a detached container lives on, is listed, entered, stopped and removed", async (t) => {
  await using rig = await open();
  const done = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await rig.tsbuild(args);
    assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const id = (
    await done("run", "-d", "--name", "web", "--label", "tier=front", "-e", "SHAPE=round", "app")
  ).trim();
  assert.match(id, /^[0-9a-f]{64}$/);

  await t.test("ps and its filters", async () => {
    assert.match(
      await done("ps"),
      /^CONTAINER ID   IMAGE     COMMAND +CREATED +STATUS +PORTS +NAMES\n[0-9a-f]{12}   app       "node -e process\.on\(…" .* Up .* web\n$/,
    );
    assert.equal(await done("ps", "-q", "--filter", "label=tier=front"), `${id.slice(0, 12)}\n`);
    assert.equal(await done("ps", "-q", "--filter", "name=^we$"), "");
    assert.equal(JSON.parse(await done("ps", "--no-trunc", "--format", "json")).ID, id);
    assert.equal(await done("ps", "--format", "{{.Names}} {{.State}}"), "web running\n");
  });
  await t.test("logs keep both streams apart", async () => {
    // `exec` comes after the first words, which are written before anything else happens.
    let outcome = await rig.tsbuild(["logs", "web"]);
    while (outcome.stderr === "") outcome = await rig.tsbuild(["logs", id.slice(0, 6)]);
    assert.deepEqual([outcome.stdout, outcome.stderr], ["ready\n", "set\n"]);
    assert.match(
      await done("logs", "-t", "--tail", "2", "web"),
      /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{9}Z ready\n$/,
    );
  });
  await t.test("exec runs beside it", async () => {
    const script =
      "console.log(process.env.COLOUR, process.env.SHAPE, process.env.MORE, process.cwd(), fs.existsSync('/proc/1'))";
    assert.equal(
      await done("exec", "-e", "MORE=yes", "-w", "/usr", "web", "node", "-e", script),
      "blue round yes /usr true\n",
    );
    const echo = await rig.tsbuild(
      ["exec", "-i", "web", "node", "-e", "process.stdin.pipe(process.stdout)"],
      { input: "in" },
    );
    assert.equal(echo.stdout, "in");
    assert.equal((await rig.tsbuild(["exec", "web", "node", "-e", "process.exit(42)"])).status, 42);
    assert.equal((await rig.tsbuild(["exec", "web", "nowhere"])).status, 127);
    assert.equal((await rig.tsbuild(["exec", "web", "/usr"])).status, 126);
  });
  await t.test("stop sends the image's signal, and wait knows the code", async () => {
    const waiting = done("wait", "web");
    assert.equal(await done("stop", "web"), "web\n");
    assert.equal(await waiting, "7\n");
    assert.match(await done("ps", "-a"), /Exited \(7\)/);
    assert.equal(await done("ps", "-q"), "");
    const { status, stderr } = await rig.tsbuild(["exec", "web", "node"]);
    assert.equal(status, 1);
    assert.match(stderr, /Cannot execute a command in container web: it does not run/);
  });
  await t.test("inspect tells how it ended", async () => {
    assert.equal(
      await done("inspect", "-f", "{{.Name}} {{.State.Status}} {{.State.ExitCode}}", "web"),
      "/web exited 7\n",
    );
    const [found] = JSON.parse(await done("inspect", "web"));
    assert.equal(found.Config.Labels.tier, "front");
  });
  await t.test("commit makes an image of what it wrote", async () => {
    const write =
      'fs.mkdirSync("/made/deep", { recursive: true }); fs.writeFileSync("/made/deep/file", "text")';
    await done("run", "--name", "writer", "-e", "WHO=me", "app", "node", "-e", write);
    const change =
      'CMD ["node","-e","console.log(process.env.WHO, process.env.MORE, fs.readFileSync(`/made/deep/file`, `utf8`))"]';
    const made = await done("commit", "-m", "by hand", "-c", change, "-c", "ENV MORE=yes", "writer", "made");
    assert.match(made, /^sha256:[0-9a-f]{64}\n$/);
    assert.equal(await done("run", "--rm", "made"), "me yes text\n");
    const refused = await rig.tsbuild(["commit", "-c", "RUN true", "writer"]);
    assert.equal(refused.status, 2);
    await done("rm", "writer");
  });
  await t.test("commit of one that runs has no mount points in its layer", async () => {
    const write = 'fs.writeFileSync("/live", "yes"); console.log("ready"); setInterval(() => {}, 1e6)';
    await done(
      "run",
      "-d",
      "--name",
      "live",
      "-v",
      `${rig.path("context")}:/mnt/host/dir`,
      "app",
      "node",
      "-e",
      write,
    );
    while ((await done("logs", "live")) === "") continue;
    await done("commit", "live", "snapshot");
    await done("rm", "-f", "live");
    const [image] = JSON.parse(await done("inspect", "--type", "image", "snapshot"));
    const layer = image.RootFS.Layers.at(-1).replace("sha256:", "");
    const names = execFileSync("tar", ["tf", `${rig.store}/blobs/sha256/${layer}`], { encoding: "utf8" });
    assert.match(names, /^live$/m);
    assert.doesNotMatch(names, /mnt|proc|hosts|resolv/);
  });
  await t.test("rm takes it away", async () => {
    assert.equal(await done("rm", "web"), "web\n");
    assert.deepEqual(readdirSync(`${rig.store}/containers`), []);
    assert.equal((await rig.tsbuild(["rm", "web"])).status, 1);
  });
  await t.test("of those who want a name at once, one gets it", async () => {
    const all = await Promise.all(
      [1, 2, 3].map(() => rig.tsbuild(["run", "-d", "--network=host", "--name", "one", "app"])),
    );
    assert.deepEqual(all.map(({ status }) => status).sort(), [0, 125, 125]);
    await done("rm", "-f", "one");
  });
  await t.test("a log keeps its last part, and the one before", async () => {
    const script =
      "const line = 'x'.repeat(65535) + '\\n'; for (let i = 0; i < 1200; i++) fs.writeSync(1, line); fs.writeSync(1, 'last\\n')";
    await done("run", "--network=host", "-d", "--name", "loud", "app", "node", "-e", script);
    assert.equal(await done("wait", "loud"), "0\n");
    const [loud = ""] = readdirSync(`${rig.store}/containers`);
    const sizes = ["log", "log.1"].map((name) => statSync(`${rig.store}/containers/${loud}/${name}`).size);
    for (const size of sizes) assert.ok(size > 0 && size <= 32 << 20, String(sizes));
    assert.equal(await done("logs", "--tail", "1", "loud"), "last\n");
    await done("rm", "loud");
  });
  await t.test(
    "names are nobody else's, ids are told apart, and --rm and --cidfile do what they say",
    async () => {
      const file = rig.path("cid");
      await done("run", "-d", "--rm", "--name", "job", "--cidfile", file, "app");
      assert.equal(await done("ps", "-q", "--no-trunc"), `${readFileSync(file, "utf8")}\n`);
      const twice = await rig.tsbuild(["run", "-d", "--name", "job", "app"]);
      assert.equal(twice.status, 125);
      assert.match(twice.stderr, /Cannot name a container "job": container [0-9a-f]{12} has this name/);
      assert.equal((await rig.tsbuild(["rm", "job"])).status, 1);
      // Before it listens, the signal would open node's debugger.
      while (!(await done("logs", "job")).includes("ready")) continue;
      assert.equal(await done("kill", "-s", "USR1", "job"), "job\n");
      await rig.tsbuild(["wait", "job"]);
      assert.deepEqual(readdirSync(`${rig.store}/containers`), []);
    },
  );
});
