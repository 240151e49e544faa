import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig, outcomeOf, saying, type Rig } from "../support/rig.ts";

const DOCKERFILE = `FROM base
ENV COLOUR=blue
WORKDIR /work
RUN node -e 'require("fs").writeFileSync("/work/made", "in a step")'
USER node
ENTRYPOINT ["node", "-e"]
CMD ["console.log(process.env.COLOUR, process.cwd(), process.getuid(), process.pid)"]
`;

async function open(): Promise<Rig> {
  const rig = openRig();
  const base = await hostBase(rig);
  const { status, stderr } = await rig.tsbuild([
    "build",
    "-t",
    "app",
    ...base,
    rig.context({ Dockerfile: DOCKERFILE }),
  ]);
  assert.equal(status, 0, stderr);
  return rig;
}

test("run honours the image's config and the user's flags", async (t) => {
  await using rig = await open();
  const run = (args: readonly string[], input?: string) =>
    rig.tsbuild(["run", "--rm", ...args], input === undefined ? {} : { input });

  await t.test("Entrypoint, Cmd, Env, WorkingDir and User", async () => {
    const { stdout, stderr, status } = await run(["app"]);
    assert.equal(stdout, "blue /work 1000 1\n", stderr);
    assert.equal(status, 0);
  });
  await t.test("an image id, whole or its beginning, also of an image without a name", async () => {
    const [id = ""] = (await rig.tsbuild(["images", "-q", "--no-trunc"])).stdout.split("\n");
    for (const image of [id, id.slice(7), id.slice(7, 19)])
      assert.equal((await run([image])).stdout, "blue /work 1000 1\n", image);
    const files = { Dockerfile: "FROM app\nENV COLOUR=red\n" };
    const base = ["--build-context", `app=oci-layout://${rig.store}:app`];
    const built = await rig.tsbuild(["build", "-q", ...base, rig.context(files, "nameless")]);
    assert.equal((await run([built.stdout.trim()])).stdout, "red /work 1000 1\n", built.stderr);
    const none = await run([`sha256:${"0".repeat(64)}`]);
    assert.match(none.stderr, /Cannot (find|use) image/);
  });
  await t.test("-e, -w, -u and a command", async () => {
    const { stdout } = await run([
      "-e",
      "COLOUR=red",
      "-w",
      "/",
      "-u",
      "0:5",
      "app",
      "console.log(process.env.COLOUR, process.cwd(), process.getuid(), process.getgid())",
    ]);
    assert.equal(stdout, "red / 0 5\n");
  });
  await t.test("--entrypoint and --hostname", async () => {
    const { stdout } = await run([
      "--entrypoint",
      "/bin/sh",
      "--hostname",
      "box",
      "app",
      "-c",
      "read name < /proc/sys/kernel/hostname; echo $name",
    ]);
    assert.equal(stdout, "box\n");
  });
  await t.test("the container's exit code", async () => {
    assert.equal((await run(["app", "process.exit(42)"])).status, 42);
    assert.equal((await run(["--entrypoint", "nowhere", "app"])).status, 127);
    assert.equal((await run(["--entrypoint", "/work", "app"])).status, 126);
    assert.equal((await run(["no-such-image:1", "--pull=never"])).status, 125);
  });
  await t.test("-i passes standard input, and without it there is none", async () => {
    const cat = "process.stdin.pipe(process.stdout)";
    assert.equal((await run(["-i", "app", cat], "hello")).stdout, "hello");
    assert.equal((await run(["app", cat], "hello")).stdout, "");
  });
  await t.test("-v binds a directory, read-only where asked", async () => {
    const directory = rig.context({ "in.txt": "from the host" }, "volume");
    const read = await run([
      "-u",
      "0",
      "-v",
      `${directory}:/data`,
      "app",
      "const fs = require('fs'); fs.writeFileSync('/data/out.txt', fs.readFileSync('/data/in.txt'))",
    ]);
    assert.equal(read.status, 0, read.stderr);
    assert.equal(readFileSync(`${directory}/out.txt`, "utf8"), "from the host");
    const refused = await run([
      "-u",
      "0",
      "-v",
      `${directory}:/data:ro`,
      "app",
      "require('fs').writeFileSync('/data/out.txt', 'x')",
    ]);
    assert.match(refused.stderr, /EROFS/);
  });
  await t.test("--init, --read-only and capabilities", async () => {
    const status = "require('fs').readFileSync('/proc/self/status', 'utf8').match(/CapBnd:\\t(\\w+)/)[1]";
    const bounding = async (...flags: string[]): Promise<string> =>
      (await run([...flags, "app", `console.log(${status}, process.pid)`])).stdout;
    assert.equal(
      await bounding("--cap-drop=all", "--cap-add", "cap_chown", "--init"),
      "0000000000000001 2\n",
    );
    assert.equal(await bounding("--cap-drop", "CHOWN"), "00000000a80425fa 1\n");
    const refused = await run(["-u", "0", "--read-only", "app", "require('fs').writeFileSync('/x', '')"]);
    assert.match(refused.stderr, /EROFS/);
  });
  await t.test("signals reach the command", async () => {
    const child = rig.start([
      "run",
      "--rm",
      "app",
      "process.on('SIGTERM', () => process.exit(9)); console.log('ready'); setInterval(() => {}, 1e6)",
    ]);
    const ended = outcomeOf(child);
    await saying(child, /ready/);
    child.kill("SIGTERM");
    assert.equal((await ended).status, 9);
  });
  await t.test("what a container writes does not reach the image, and --rm leaves nothing", async () => {
    await run(["-u", "0", "app", "require('fs').rmSync('/work/made')"]);
    assert.equal(
      (await run(["app", "console.log(require('fs').readFileSync('/work/made', 'utf8'))"])).stdout,
      "in a step\n",
    );
    assert.deepEqual(readdirSync(`${rig.store}/containers`), []);
  });
  await t.test("/etc/hosts and /etc/resolv.conf are the machine's and in no layer", async () => {
    const { stdout } = await run([
      "app",
      "const fs = require('fs'); console.log(fs.readFileSync('/etc/hosts', 'utf8').includes('localhost'), fs.existsSync('/etc/resolv.conf'))",
    ]);
    assert.equal(stdout, "true true\n");
    const out = rig.path("files");
    writeFileSync(rig.path("Exported"), "FROM base\nRUN true\n");
    const built = await rig.tsbuild([
      "build",
      "-f",
      rig.path("Exported"),
      "-o",
      out,
      "--build-context",
      `base=oci-layout://${rig.path("base")}`,
      rig.path("context"),
    ]);
    assert.equal(built.status, 0, built.stderr);
    assert.ok(!readdirSync(`${out}/etc`).includes("hosts"));
    assert.ok(!readdirSync(`${out}/etc`).includes("resolv.conf"));
  });
});
