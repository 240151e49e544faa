import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { test } from "node:test";
import { promisify } from "node:util";
import {
  cases,
  configLines,
  historyLines,
  makeContext,
  timeless,
  type Case,
} from "../support/differential.ts";
import { differences, listTree } from "../support/list-tree.ts";
import { startDocker, withoutTools } from "../support/other-builders.ts";
import { openRig, type Rig } from "../support/rig.ts";

/** Debian's client: another one that comes before it in PATH may want another builder. */
const CLIENT = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";
const missing = withoutTools("dockerd", "runc", "busybox", "xz", "bzip2", "setcap");
const skip = missing === undefined ? {} : { skip: missing };
const started = Math.floor(Date.now() / 1000);

type Tool = (...args: readonly string[]) => Promise<string>;

/** What an image is, line by line, in words that do not depend on who built it. */
async function described(tool: Tool, rig: Rig, image: string, archive: string): Promise<string[]> {
  const folder = rig.path(`${archive}.d`);
  mkdirSync(folder);
  execFileSync("tar", ["-xf", rig.path(archive), "-C", folder], { stdio: "ignore" });
  const tree = listTree(folder).map((line) => timeless(line, started));
  execFileSync("rm", ["-rf", folder, rig.path(archive)]);
  const [inspected] = JSON.parse(await tool("inspect", image)) as [{ Config: Record<string, unknown> }];
  return [...tree, ...configLines(inspected.Config)];
}

test("docker builds the same", skip, async (t) => {
  await using rig = openRig();
  const daemon = await startDocker(rig.directory, []);
  if (typeof daemon === "string") return t.skip(daemon);
  await using running = daemon;
  const env = { ...process.env, DOCKER_HOST: running.socket, DOCKER_BUILDKIT: "1" };
  const docker: Tool = async (...args) =>
    (await promisify(execFile)(CLIENT, args, { env, encoding: "utf8", maxBuffer: 1 << 24 })).stdout;
  const tsbuild: Tool = async (...args) => {
    const { status, stdout, stderr } = await rig.tsbuild(args);
    assert.equal(status, 0, stderr);
    return stdout;
  };

  const build = async (one: Case): Promise<string[]> => {
    const { name, flags, outdated } = one;
    const context = rig.path(name);
    makeContext(one, context);
    const [theirs, ours] = await Promise.all([
      (async () => {
        await docker("build", "-q", "--network=host", ...flags, "-t", name, context);
        const output = `type=tar,dest=${rig.path(`${name}.docker`)}`;
        await docker("build", "-q", "--network=host", ...flags, "-o", output, context);
        const history = await docker("history", "--no-trunc", "--format", "{{.CreatedBy}}", name);
        const lines = await described(docker, rig, name, `${name}.docker`);
        return [...lines, ...historyLines(history.trimEnd().split("\n"))];
      })(),
      (async () => {
        const output = `type=tar,dest=${rig.path(`${name}.ours`)}`;
        await tsbuild("build", "-q", ...flags, "-t", name, "-o", "type=image", "-o", output, context);
        const history = JSON.parse(await tsbuild("history", "--format", "json", name)) as {
          createdBy: string;
        }[];
        const lines = await described(tsbuild, rig, name, `${name}.ours`);
        return [...lines, ...historyLines(history.map(({ createdBy }) => createdBy))];
      })(),
    ]);
    const found = differences(ours, theirs, Infinity);
    return found.filter((line) => !outdated.some((pattern) => pattern.test(line.slice(2))));
  };

  const [base, others] = [cases().filter(isBase), cases().filter((one) => !isBase(one))];
  for (const one of base) {
    makeContext(one, rig.path(one.name));
    const output = `type=docker,dest=${rig.path("base.tar")}`;
    await tsbuild("build", "-q", "-t", one.name, "-o", "type=image", "-o", output, rig.path(one.name));
    await docker("load", "-q", "-i", rig.path("base.tar"));
  }
  for (const one of others) await t.test(one.name, async () => assert.deepEqual(await build(one), []));
});

function isBase({ name }: Case): boolean {
  return name === "base";
}
