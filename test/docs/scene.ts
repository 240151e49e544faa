import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { randomInt } from "node:crypto";
import { createServer } from "node:net";
import { join } from "node:path";
import { startDockerRegistry, withoutDockerRegistry } from "../support/docker-registry.ts";
import { openGitServer } from "../support/git-server.ts";
import { startDocker, type Docker } from "../support/other-builders.ts";
import { projectRoot } from "../support/project.ts";
import { openRig, outcomeOf, type Rig } from "../support/rig.ts";
import { cloneProject, npmEnvironment } from "./clone.ts";
import { BUSYBOX, nodeStandIn, standIns } from "./stand-ins.ts";
import { typeBlock } from "./typed.ts";

const DOCKERFILE = readFileSync(join(projectRoot, "fixtures/documentation/Dockerfile"), "utf8");

/** A machine on which the documentation is tried: what it names is there, and is this test's own. */
export interface Scene extends AsyncDisposable {
  /** Makes the directory of a page: fixtures/documentation, which is a repository, and where `app` is built. */
  directory(page: string): Promise<string>;
  /** A clone of this repository, one for all pages. */
  clone(): string;
  /** Runs a script; throws where it does not end with the status. */
  shell(script: string, cwd: string, where?: string, status?: number): Promise<void>;
  /** Types a script into a terminal. */
  type(script: string, cwd: string): Promise<void>;
  /** Starts what a page needs besides; gives the reason where there can be no daemon. */
  dockerDaemon(): Promise<string | undefined>;
  nodeImage(): Promise<void>;
}

/** Why there can be none; false where there can. */
export function withoutScene(): string | false {
  return withoutDockerRegistry() ?? (BUSYBOX === undefined ? "a static busybox is not installed" : false);
}

export async function openScene(): Promise<Scene> {
  const rig = openRig();
  const registry = await startDockerRegistry();
  const { host } = registry;
  const git = await openGitServer();
  for (const repository of ["app.git", "team/app.git"]) {
    git.create(repository);
    git.commit(repository, { Dockerfile: DOCKERFILE, "page/index.html": "<h1>GREETING</h1>\n" });
  }
  const stands = new Map([
    [/https:\/\/git\.example\.com\//g, git.url("")],
    [/\b(registry\.example\.com|ghcr\.io)(?=\/|$)/gm, host],
    [/\/var\/lib\/tsbuild\b/g, rig.store],
    [/\b8080\b/g, String(await freePort())],
  ]);
  const asHere = (script: string): string =>
    [...stands].reduce((text, [pattern, here]) => text.replace(pattern, here), script);
  const bin = rig.path("bin");
  const env: Record<string, string> = { ...environment(rig, host), PATH: `${bin}:${process.env["PATH"]}` };
  mkdirSync(bin);
  const program = (name: string, ...lines: readonly string[]): void =>
    writeFileSync(join(bin, name), `${["#!/bin/sh", ...lines].join("\n")}\n`, { mode: 0o755 });
  program("tsbuild", `exec "${process.execPath}" "${join(projectRoot, "dist/bin/tsbuild.cjs")}" "$@"`);
  const run = async (argv: readonly string[], cwd: string, input = ""): Promise<[number, string]> => {
    const child = spawn(argv[0] ?? "", argv.slice(1), { cwd, env });
    child.stdin.end(input);
    const { status, stdout, stderr } = await outcomeOf(child);
    return [status, `${stdout}\n${stderr}`];
  };
  const tsbuild = async (args: readonly string[]): Promise<void> => {
    const [status, said] = await run([join(bin, "tsbuild"), ...args], rig.directory);
    assert.equal(status, 0, said);
  };
  let docker: Docker | undefined;
  let clone: string | undefined;
  for (const args of standIns(rig, host)) await tsbuild(args);

  const scene: Scene = {
    async directory(page) {
      const directory = rig.path(page.replace(/\W/g, "-"));
      cpSync(join(projectRoot, "fixtures/documentation"), directory, { recursive: true });
      await scene.shell(
        "git init -q . && git add . && git commit -qm demo && tsbuild -q -t app .",
        directory,
      );
      return directory;
    },
    clone() {
      if (clone !== undefined) return clone;
      clone = rig.path("clone");
      cloneProject(clone);
      const prefix = rig.path("npm");
      Object.assign(env, npmEnvironment(prefix), { PATH: `${join(prefix, "bin")}:${env["PATH"]}` });
      return clone;
    },
    async shell(script, cwd, where = "", expected = 0) {
      const [status, said] = await run(["sh", "-e"], cwd, asHere(script));
      assert.equal(status, expected, `${where}\n${script}\n${said}`);
    },
    type: (script, cwd) => typeBlock(asHere(script), cwd, env),
    async dockerDaemon() {
      const started = await startDocker(rig.directory, []);
      if (typeof started === "string") return started;
      docker = started;
      env["DOCKER_HOST"] = started.socket;
      // The daemon has no bridge, as it must not touch this machine's network: its containers use that.
      const onHost = 'run) shift; set -- run --network host -e TSBUILD_REGISTRY_MIRRORS "$@";;';
      program("docker", `case "$1" in ${onHost} esac`, `exec ${client()} "$@"`);
      return undefined;
    },
    nodeImage: async () => tsbuild(await nodeStandIn(rig, host)),
    async [Symbol.asyncDispose]() {
      await run(["sh", "-c", 'ids=$(tsbuild ps -aq); [ -z "$ids" ] || tsbuild rm -f $ids'], rig.directory);
      await docker?.[Symbol.asyncDispose]();
      await git[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
  return scene;
}

/** Debian's client: another one that comes before it in PATH may want another daemon. */
function client(): string {
  return existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";
}

function environment(rig: Rig, host: string): Readonly<Record<string, string>> {
  // A container that was started in the background is asked before its server listens.
  writeFileSync(rig.path(".curlrc"), "retry = 9\nretry-all-errors\nretry-delay = 1\n");
  // For skopeo, which wants TLS of a registry on the loopback too.
  const configuration = rig.path(".config/containers");
  mkdirSync(configuration, { recursive: true });
  writeFileSync(
    join(configuration, "registries.conf"),
    `[[registry]]\nlocation = "${host}"\ninsecure = true\n`,
  );
  return {
    HOME: rig.directory,
    TSBUILD_ROOT: rig.store,
    TSBUILD_REGISTRY_MIRRORS: `docker.io=http://${host}`,
    TOKEN: "of-nobody",
    GIT_AUTHOR_NAME: "docs",
    GIT_AUTHOR_EMAIL: "docs@example.com",
    GIT_COMMITTER_NAME: "docs",
    GIT_COMMITTER_EMAIL: "docs@example.com",
  };
}

/** Below those that the kernel gives to who asks for any: no other test has it until it is used. */
async function freePort(): Promise<number> {
  const port = randomInt(10_000, 30_000);
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once("error", () => resolve(false)).listen(port, "127.0.0.1", () => resolve(true));
  });
  if (!free) return freePort();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}
