import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { openRig } from "../support/rig.ts";

interface Shown {
  readonly equal: boolean;
  readonly config: readonly { readonly field: string; readonly cause?: { readonly id: string } }[];
  readonly layers: readonly {
    readonly a?: { readonly number: number };
    readonly b?: { readonly number: number; readonly createdBy?: string };
    readonly files: readonly {
      readonly path: string;
      readonly change: string;
      readonly what: readonly string[];
      readonly cause?: { readonly id: string };
    }[];
  }[];
}

const CAREFUL = `FROM base
COPY a.txt /a/
RUN node -e 'fs.writeFileSync("/made", "made")'
`;
const CARELESS = `FROM base
RUN node -e 'fs.mkdirSync("/var/log", { recursive: true }); for (const [name, text] of [["/date", new Date().toISOString()], ["/id", crypto.randomUUID()], ["/unix", "at " + Date.now()], ["/var/log/x.log", String(Date.now())], ["/tmp/t" + Math.random(), "x"], ["/same", "same"]]) fs.writeFileSync(name, text)'
`;

const shown = (text: string): Shown => JSON.parse(text) as Shown;
const steps = (more: string): string => `COPY d /d\n${more}RUN node -e 'fs.writeFileSync("/last", "")'\n`;

test("verify ends with 0 where a rebuild gives the same digest, and names what keeps it from that", async (t) => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const env = { SOURCE_DATE_EPOCH: "1700000000" };
  const verify = (context: string, args: readonly string[] = []) =>
    rig.tsbuild(["verify", "--format=json", ...base, ...args, context], { env });

  const careful = rig.context({ Dockerfile: CAREFUL, "a.txt": "a\n" }, "careful");
  await t.test("equal", async () => {
    const { status, stdout, stderr } = await verify(careful);
    assert.equal(status, 0, stderr);
    assert.equal(shown(stdout).equal, true);
  });
  await t.test("without SOURCE_DATE_EPOCH times differ, and it says what to set", async () => {
    const { status, stdout, stderr } = await rig.tsbuild(["verify", ...base, careful]);
    assert.equal(status, 1, stderr);
    assert.match(stdout, /\/made +time .*\(time\)/);
    assert.match(stdout, /fix: set SOURCE_DATE_EPOCH/);
  });
  await t.test("causes", async () => {
    const careless = rig.context({ Dockerfile: CARELESS }, "careless");
    const { status, stdout, stderr } = await verify(careless);
    assert.equal(status, 1, stderr);
    const files = shown(stdout).layers.flatMap((layer) => layer.files);
    const causes = new Map(files.map(({ path, cause }) => [path.replace(/t0\.\d+$/, "t"), cause?.id]));
    assert.deepEqual([...causes].sort(), [
      ["/date", "date"],
      ["/id", "random-id"],
      ["/tmp/t", "temporary"],
      ["/unix", "unix-time"],
      ["/var/log/x.log", "log"],
    ]);
  });
  await t.test("against an image", async () => {
    await rig.tsbuild(["build", "-t", "released", ...base, careful], { env });
    assert.equal((await verify(careful, ["--against", "released"])).status, 0);
    const changed = rig.context({ "a.txt": "b\n" }, "careful");
    const { status, stdout } = await verify(changed, ["--against", "released"]);
    assert.equal(status, 1);
    const [layer] = shown(stdout).layers;
    assert.deepEqual(
      layer?.files.map(({ path, what }) => [path, what]),
      [["/a/a.txt", ["content"]]],
    );
  });
  await t.test("leaves nothing behind, and keeps nothing", async () => {
    assert.deepEqual(readdirSync(rig.path("store/tmp")), []);
    const { status, stderr } = await rig.tsbuild(["verify", "--push", "-t", "x/y", careful]);
    assert.equal(status, 2);
    assert.match(stderr, /Cannot use --push: verify keeps nothing/);
    const piped = await rig.tsbuild(["verify", "-"], { input: "FROM scratch\n" });
    assert.match(piped.stderr, /Cannot verify a build from standard input/);
  });
});

test("diff shows files that were added, changed and removed, by layer, and settings", async () => {
  await using rig = openRig();
  const base = await hostBase(rig);
  const build = async (name: string, lines: string, files: Record<string, string>): Promise<void> => {
    const context = rig.context({ Dockerfile: `FROM base\n${lines}`, ...files }, name);
    const { status, stderr } = await rig.tsbuild(["build", "-t", name, ...base, context], {
      env: { SOURCE_DATE_EPOCH: "1700000000" },
    });
    assert.equal(status, 0, stderr);
  };
  const run = `fs.chmodSync("/d/same", 0o600); fs.rmSync("/d/link"); fs.symlinkSync("same", "/d/link")`;
  const files = { "d/same": "s", "d/link": "" };
  await build("one", steps("ENV A=1\n"), { ...files, "d/changed": "1", "d/gone": "g" });
  await build("two", steps(`ENV A=2 B=3\nRUN node -e '${run}'\n`), {
    ...files,
    "d/changed": "2",
    "d/new": "n",
  });

  const { stdout, status } = await rig.tsbuild(["diff", "--format", "json", "one", "two"]);
  assert.equal(status, 0);
  const { layers, config } = JSON.parse(stdout) as Shown;
  assert.deepEqual(
    layers.map(({ a, b, files }) => [
      a?.number,
      b?.number,
      files.map(({ path, change, what }) => `${change} ${path} ${what.join()}`.trim()),
    ]),
    [
      [undefined, 2, ["changed /d/changed content", "added /d/new"]],
      [2, undefined, ["removed /d/gone"]],
      [undefined, 3, ["changed /d/link type,mode", "changed /d/same mode"]],
    ],
  );
  assert.deepEqual(
    config.map(({ field }) => field).filter((field) => field.startsWith("config.")),
    ["config.Env (order)", "config.Env.A", "config.Env.B"],
  );
  assert.equal((await rig.tsbuild(["diff", "--exit-code", "one", "two"])).status, 1);
  assert.equal((await rig.tsbuild(["diff", "--exit-code", "one", "one"])).status, 0);

  const byLayers = await rig.tsbuild(["diff", "--layers", "--format=json", "one", "two"]);
  assert.deepEqual(
    (JSON.parse(byLayers.stdout) as Shown).layers.map(({ a, b }) => [a?.number, b?.number]),
    [
      [2, 2],
      [undefined, 3],
    ],
    "the last layer of both is the same, wherever it stands",
  );
});
