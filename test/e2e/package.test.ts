import assert from "node:assert/strict";
import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { makeBaseImage } from "../../fixtures/base-image.ts";
import { removeTree } from "../../fixtures/remove-tree.ts";
import { prebuild } from "../support/prebuild.ts";
import { projectRoot } from "../support/project.ts";
import { openRig, type Rig } from "../support/rig.ts";

/** Majors of Node that it works on; the one that runs the tests is another. */
const NODES = [22, 24, 26] as const;

const asRoot = process.getuid?.() === 0 ? false : "containers of root need root";

let rig: Rig;
let project: string;
/** Programs that an ordinary machine has: no compiler, no make. */
let bin: string;
before(async () => {
  rig = openRig();
  project = rig.path("project");
  bin = rig.path("bin");
  mkdirSync(project);
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, "node"));
  for (const program of ["sh", "env", "newuidmap", "newgidmap"]) {
    const place = ["/usr/bin", "/bin"]
      .map((folder) => join(folder, program))
      .find((path) => existsSync(path));
    if (place !== undefined) symlinkSync(place, join(bin, program));
  }
  const npm = dirname(process.execPath);
  symlinkSync(join(npm, "npm"), join(bin, "npm"));
  symlinkSync(join(npm, "npx"), join(bin, "npx"));
  await makeBaseImage(rig.path("base"), "node-base");
});
after(async () => {
  if (rig !== undefined) await removeTree(rig.directory);
});

function run(command: string, args: readonly string[], path = bin): SpawnSyncReturns<string> {
  const { HOME: _home, PATH: _path, ...env } = process.env;
  const own = {
    ...env,
    PATH: path,
    HOME: rig.directory,
    TSBUILD_ROOT: rig.store,
    npm_config_cache: rig.path("npm"),
  };
  return spawnSync(command, args, { cwd: project, env: own, encoding: "utf8" });
}

test("the package installs without a compiler and without scripts, and builds with npx", () => {
  // Not by npm's scripts, which would also compile the project anew below the tests that run it.
  assert.equal(prebuild(), undefined);
  const packed = spawnSync("npm", ["pack", "--ignore-scripts", "--pack-destination", rig.directory], {
    cwd: projectRoot,
    encoding: "utf8",
  });
  assert.equal(packed.status, 0, packed.stderr);
  const tarball = readdirSync(rig.directory).find((name) => name.endsWith(".tgz")) ?? "";
  writeFileSync(join(project, "package.json"), "{}");
  const installed = run("npm", ["install", "--no-audit", "--no-fund", join(rig.directory, tarball)]);
  assert.equal(installed.status, 0, installed.stderr);
  const folder = join(project, "node_modules/tsbuild");
  assert.deepEqual(readdirSync(join(folder, "native/prebuilt")), [
    "tsbuild-helper-arm64",
    "tsbuild-helper-x64",
  ]);
  for (const absent of ["test", "fixtures", "native/build", ".ci", "builder"])
    assert.ok(!existsSync(join(folder, absent)), absent);

  assert.match(run("npx", ["tsbuild", "--version"]).stdout, /^tsbuild \d+\.\d+\.\d+\n$/);
  const built = run("npx", ["tsbuild", ...buildFlags(), join(projectRoot, "fixtures/demo")]);
  assert.equal(built.status, 0, built.stderr);
  assert.match(built.stderr, /Built demo:latest/);
  const page = run("man", ["-w"], process.env["PATH"]);
  assert.ok(page.error !== undefined || existsSync(join(folder, "dist/man/tsbuild-build.1")));
});

function buildFlags(): readonly string[] {
  return ["build", "-t", "demo", "--build-context", `node-base=oci-layout://${rig.path("base")}`];
}

function buildDemo(path?: string): SpawnSyncReturns<string> {
  const cli = "node_modules/tsbuild/dist/bin/tsbuild.cjs";
  return run("node", [cli, ...buildFlags(), "--no-cache", join(projectRoot, "fixtures/demo")], path);
}

/** One run of npm for all of them. */
function installNodes(): void {
  const names = NODES.map((major) => `node${major}@npm:node-linux-${process.arch}@${major}`);
  const installed = run("npm", ["install", "--no-save", "--no-audit", "--no-fund", ...names]);
  assert.equal(installed.status, 0, installed.stderr);
}

test("an image of the package, which it builds itself, builds without privileges", { skip: asRoot }, () => {
  const cli = "node_modules/tsbuild/dist/bin/tsbuild.cjs";
  const installed = rig.path("installed/opt/tsbuild");
  cpSync(join(project, "node_modules"), join(installed, "node_modules"), { recursive: true });
  const base = ["--build-context", `node-base=oci-layout://${rig.path("base")}`];
  const image = [
    "-t",
    "tools",
    "--build-arg",
    "BASE=node-base",
    "--build-context",
    `install=${rig.path("installed")}`,
  ];
  const built = run("node", [cli, "build", ...base, ...image, join(projectRoot, "fixtures/image")]);
  assert.equal(built.status, 0, built.stderr);

  const made = "require('fs').writeFileSync('/made', String(process.getuid()))";
  const file = `FROM node-base AS make\nRUN node -e "${made}"\nFROM node-base\nCOPY --from=make /made /\n`;
  const context = rig.context({ Dockerfile: file });
  const words = ["build", ...base, "-o", `type=docker,dest=${rig.path("inner.tar")}`, "-t", "inner", context];
  const inside = run("node", [
    cli,
    "run",
    "--rm",
    "-v",
    `${rig.directory}:${rig.directory}`,
    "tools",
    ...words,
  ]);
  assert.equal(inside.status, 0, inside.stderr + inside.stdout);
  assert.match(inside.stderr, /steps share processes, network and memory/);
  const loaded = run("node", [cli, "load", "-i", rig.path("inner.tar")]);
  assert.equal(loaded.status, 0, loaded.stderr);
  const read = "console.log(require('fs').readFileSync('/made', 'utf8'))";
  assert.equal(run("node", [cli, "run", "--rm", "inner", "node", "-e", read]).stdout, "0\n");
});

for (const major of NODES) {
  test(`the package builds and runs on Node ${major}`, () => {
    const node = join(project, `node_modules/node${major}/bin/node`);
    if (!existsSync(node)) installNodes();
    assert.match(run(node, ["--version"]).stdout, new RegExp(`^v${major}\\.`));
    const cli = join(project, "node_modules/tsbuild/dist/bin/tsbuild.cjs");
    const built = run(node, [cli, ...buildFlags(), "--no-cache", join(projectRoot, "fixtures/demo")]);
    assert.equal(built.status, 0, built.stderr);
    const ran = run(node, [cli, "run", "--rm", "--entrypoint", "node", "demo", "-p", "6*7"]);
    assert.deepEqual([ran.status, ran.stdout], [0, "42\n"], ran.stderr);
  });
}

test("the helper is compiled from the package's sources where it brings none for the processor", () => {
  rmSync(join(project, "node_modules/tsbuild/native/prebuilt"), { recursive: true });
  const refused = buildDemo();
  assert.equal(refused.status, 1);
  assert.match(
    refused.stderr,
    /the package has none for \w+, and it could not be compiled: there is no make\nhint: install gcc, make/,
  );
  const compiled = buildDemo(process.env["PATH"]);
  assert.equal(compiled.status, 0, compiled.stderr);
  assert.equal(readdirSync(rig.path(".cache/tsbuild")).length, 1);
  assert.equal(buildDemo().status, 0, "it is compiled once");
});
