import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hostBase } from "../support/host-base.ts";
import { ordinaryUser } from "../support/ordinary-user.ts";
import { openRig, type Outcome, type Rig } from "../support/rig.ts";

const FILL = `const f = require("fs"); const c = "/cache/_cacache"; f.mkdirSync(c, { mode: 0o750 }); \
for (let i = 0; i < 40; i++) f.writeFileSync(c + "/" + i, "x".repeat(1e5) + i, { mode: i % 2 ? 0o640 : 0o4755 }); \
f.linkSync(c + "/1", c + "/link"); f.symlinkSync("1", c + "/sym"); f.chownSync(c + "/2", 1000, 1001); \
f.utimesSync(c + "/3", 1e9, 1e9); f.writeFileSync("/filled", "")`;
const SHOW = `const f = require("fs"); const c = "/cache/_cacache"; const s = (n) => f.lstatSync(c + "/" + n); \
f.writeFileSync("/seen", [f.readdirSync(c).length, s("1").nlink, s("1").ino === s("link").ino, (s("0").mode & 0o7777).toString(8), \
(s("1").mode & 0o7777).toString(8), (f.statSync(c).mode & 0o7777).toString(8), s("2").uid, s("2").gid, s("3").mtimeMs, f.readlinkSync(c + "/sym")].join(" "))`;
const SEEN = "42 2 true 4755 640 750 1000 1001 1000000000000 1";

const MOUNT = "--mount=type=cache,id=npm,target=/cache,sharing=locked";
const FILLING = `FROM base\nRUN ${MOUNT} node -e '${FILL}'\n`;
const SHOWING = `FROM base\nRUN ${MOUNT} node -e '${SHOW}'\n`;

type Run = (store: string, args: readonly string[]) => Promise<Outcome>;

function runner(rig: Rig): Run {
  return (store, args) => rig.tsbuild(args, { env: { TSBUILD_ROOT: rig.path(`store-${store}`) } });
}

async function filled(rig: Rig): Promise<{ run: Run; base: string[] }> {
  const run = runner(rig);
  const base = await hostBase(rig);
  const context = rig.context({ Dockerfile: FILLING });
  const built = await run("a", ["build", "--progress=plain", ...base, context]);
  assert.equal(built.status, 0, built.stderr);
  return { run, base };
}

async function seenIn(rig: Rig, run: Run, store: string, base: readonly string[]): Promise<string> {
  const context = rig.context({ Dockerfile: SHOWING }, "showing");
  const output = rig.path(`files-${store}`);
  const built = await run(store, ["build", "--progress=plain", ...base, "-o", output, context]);
  assert.equal(built.status, 0, built.stderr);
  return readFileSync(join(output, "seen"), "utf8");
}

test("cache save and restore carry steps and cache mounts, as a directory and as a file", async () => {
  await using rig = openRig();
  const { run, base } = await filled(rig);
  for (const [store, path] of [
    ["b", rig.path("bundle")],
    ["c", rig.path("bundle.tar")],
  ] as const) {
    const saved = await run("a", ["cache", "save", path]);
    assert.equal(saved.status, 0, saved.stderr);
    assert.match(saved.stdout, /^Saved to .*: 1 step, 2 layers, 1 cache mount \(/);
    const restored = await run(store, ["cache", "restore", path]);
    assert.equal(restored.status, 0, restored.stderr);
    assert.doesNotMatch(restored.stderr, /WARNING/);
    const again = await run(store, ["build", "--progress=plain", ...base, rig.path("context")]);
    assert.match(again.stderr, /0 steps run, 1 cached/);
    assert.equal(await seenIn(rig, run, store, base), SEEN);
  }
  const from = ["--cache-from", `type=local,src=${rig.path("bundle")}`];
  const imported = await run("d", ["build", "--progress=plain", ...base, ...from, rig.path("context")]);
  assert.match(imported.stderr, /0 steps run, 1 cached/);
});

test("a directory keeps what it has, and --max-size leaves out what was not used for the longest time", async () => {
  await using rig = openRig();
  const { run, base } = await filled(rig);
  const bundle = rig.path("bundle");
  await run("a", ["cache", "save", bundle]);
  const before = new Map(
    blobs(bundle).map((name) => [name, statSync(join(bundle, "blobs/sha256", name)).ino]),
  );
  const again = await run("a", ["cache", "save", bundle]);
  assert.match(again.stdout, /, 0B of it new\)/);
  rig.context({
    Dockerfile: `${FILLING}RUN ${MOUNT} node -e 'require("fs").writeFileSync("/cache/more", "y")'\n`,
  });
  await run("a", ["build", ...base, rig.path("context")]);
  await run("a", ["cache", "save", bundle]);
  const kept = blobs(bundle).filter(
    (name) => before.get(name) === statSync(join(bundle, "blobs/sha256", name)).ino,
  );
  assert.ok(kept.length >= 2, `${kept.length} of ${before.size} are the same`);
  const small = await run("a", ["cache", "save", "--max-size", "10MB", bundle]);
  assert.match(small.stdout, /left out/);
  assert.ok(
    blobs(bundle).reduce((sum, name) => sum + statSync(join(bundle, "blobs/sha256", name)).size, 0) < 11e6,
  );
  const other = rig.context({ "important.txt": "" }, "other");
  const refused = await run("a", ["cache", "save", other]);
  assert.equal(refused.status, 2);
  assert.ok(existsSync(join(other, "important.txt")));
});

test("a damaged bundle gives what is whole, and nothing of the rest", async () => {
  await using rig = openRig();
  const { run, base } = await filled(rig);
  const whole = rig.path("whole");
  const bundle = rig.path("bundle");
  await run("a", ["cache", "save", whole]);
  const sizes = blobs(whole).sort(
    (a, b) => statSync(join(whole, "blobs/sha256", a)).size - statSync(join(whole, "blobs/sha256", b)).size,
  );
  // From the least: a layer, manifest and config, the cache mount's parts, the base.
  for (const [index, name] of sizes.entries()) {
    rmSync(bundle, { recursive: true, force: true });
    cpSync(whole, bundle, { recursive: true });
    const path = join(bundle, "blobs/sha256", name);
    const data = readFileSync(path);
    data[data.length >> 1] = (data[data.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, data);
    const restored = await run(`d${index}`, ["cache", "restore", bundle]);
    assert.doesNotMatch(restored.stderr, /INTERNAL|at .*\.js/, restored.stderr);
    if (restored.status === 0) assert.match(restored.stderr, /WARNING: .* is not restored/, name);
  }
  const garbage = rig.path("garbage.tar");
  writeFileSync(garbage, "no tar");
  assert.equal((await run("e", ["cache", "restore", garbage])).status, 1);
  assert.equal((await run("e", ["cache", "restore", rig.path("nowhere")])).status, 1);
  assert.equal((await run("e", ["build", ...base, rig.path("context")])).status, 0);
});

test("an ordinary user's cache mounts travel with their owners", async (t) => {
  const user = ordinaryUser();
  if ("missing" in user) return t.skip(user.missing);
  await using rig = openRig();
  const { run } = await filled(rig);
  const saved = await run("a", ["cache", "save", rig.path("bundle")]);
  assert.equal(saved.status, 0, saved.stderr);
  const own = user.directory("bundle-test");
  cpSync(rig.path("base"), join(own, "base"), { recursive: true });
  cpSync(rig.path("bundle"), join(own, "bundle"), { recursive: true });
  const context = join(own, "context");
  rig.context({ Dockerfile: SHOWING }, "showing");
  cpSync(rig.path("showing"), context, { recursive: true });
  const env = (store: string): Record<string, string> => ({ HOME: own, TSBUILD_ROOT: join(own, store) });
  const build = (store: string): string => {
    const output = join(own, `files-${store}`);
    const flags = ["--build-context", `base=oci-layout://${join(own, "base")}`, "-o", output];
    const built = user.tsbuild(["build", "--progress=plain", ...flags, context], env(store));
    assert.equal(built.status, 0, built.output);
    return readFileSync(join(output, "seen"), "utf8");
  };
  const restored = user.tsbuild(["cache", "restore", join(own, "bundle")], env("one"));
  assert.equal(restored.status, 0, restored.output);
  assert.equal(build("one"), SEEN);
  const out = user.tsbuild(["cache", "save", join(own, "again.tar")], env("one"));
  assert.equal(out.status, 0, out.output);
  assert.equal(user.tsbuild(["cache", "restore", join(own, "again.tar")], env("two")).status, 0);
  assert.equal(build("two"), SEEN);
});

function blobs(directory: string): string[] {
  return readdirSync(join(directory, "blobs/sha256"));
}
