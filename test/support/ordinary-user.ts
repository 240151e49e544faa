import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { chownSync, cpSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "./project.ts";

const NAME = "tsbuild-test";
/** By its path: PATH may be a test's own. */
const SETPRIV = "/usr/bin/setpriv";
const HELPER = "native/build/tsbuild-helper";
/** Where that user can read the compiled project: a clone may lie in root's home. */
const INSTALLED = "/var/tmp/tsbuild-test-install";

export interface OrdinaryUser {
  readonly uid: number;
  readonly gid: number;
  /** Makes a directory that is the user's own; gone when the test process ends. */
  directory(name: string): string;
  /** A folder of fixtures/, where the user can read it. */
  fixture(name: string): string;
  tsbuild(args: readonly string[], env: Readonly<Record<string, string>>): { status: number; output: string };
  /** The same, while it runs. */
  start(args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess;
  /** What runs tsbuild as the user, without its arguments. */
  readonly command: readonly string[];
  /** Runs any program as the user. */
  run(argv: readonly string[], env: Readonly<Record<string, string>>): { status: number; output: string };
}

let made: OrdinaryUser | { missing: string } | undefined;

/** Makes the user where there is none. One process at a time: the second of two calls of useradd would fail. */
export function addUser(name: string): boolean {
  const script = 'id "$0" >/dev/null 2>&1 || useradd --create-home "$0"';
  return spawnSync("flock", ["/etc", "sh", "-c", script, name]).status === 0;
}

/** A user with subordinate ids, made where there is none; the reason where that cannot be. */
export function ordinaryUser(): OrdinaryUser | { missing: string } {
  made ??= make();
  return made;
}

function make(): OrdinaryUser | { missing: string } {
  if (process.getuid?.() !== 0) return { missing: "making an ordinary user needs root" };
  if (spawnSync("newuidmap").error !== undefined) return { missing: "newuidmap is not installed" };
  if (!addUser(NAME)) return { missing: "useradd failed" };
  if (!new RegExp(`^${NAME}:`, "m").test(readFileSync("/etc/subuid", "utf8")))
    return { missing: `${NAME} has no subordinate ids` };
  const [, , uid = "", gid = ""] =
    new RegExp(`^${NAME}:.*$`, "m").exec(readFileSync("/etc/passwd", "utf8"))?.[0].split(":") ?? [];
  const directory = `${INSTALLED}-${process.pid}`;
  process.once("exit", () => spawnSync("rm", ["-rf", directory]));
  install(directory);
  const setpriv = ["--reuid", uid, "--regid", gid, "--init-groups", "--"];
  const optionsOf = (env: Readonly<Record<string, string>>) => ({
    env: { PATH: process.env["PATH"], USER: NAME, ...env },
    cwd: "/",
  });
  const command = [process.execPath, join(directory, "dist/bin/tsbuild.cjs")];
  const run: OrdinaryUser["run"] = (argv, env) => {
    const result = spawnSync(SETPRIV, [...setpriv, ...argv], { ...optionsOf(env), encoding: "utf8" });
    return { status: result.status ?? 1, output: result.stdout + result.stderr };
  };
  return {
    uid: Number(uid),
    gid: Number(gid),
    fixture: (name) => join(directory, "fixtures", name),
    directory(name) {
      const path = join(directory, "own", name);
      mkdirSync(path, { recursive: true });
      chownSync(path, Number(uid), Number(gid));
      return path;
    },
    run,
    command: [SETPRIV, ...setpriv, ...command],
    tsbuild: (args, env) => run([...command, ...args], env),
    start: (args, env) =>
      spawn(SETPRIV, [...setpriv, ...command, ...args], { ...optionsOf(env), stdio: "pipe" }),
  };
}

/** Copies what the command needs, and the packages that it depends on: those for development are a hundred times as much. */
function install(directory: string): void {
  const copy = (part: string): void =>
    cpSync(join(projectRoot, part), join(directory, part), { recursive: true, verbatimSymlinks: true });
  for (const part of ["dist/bin", "dist/builder", "dist/runtime", HELPER, "fixtures", "package.json"])
    copy(part);
  const packages = new Set(dependenciesOf(""));
  for (const name of packages) {
    const part = join("node_modules", name);
    // One that another package has to itself came with that.
    if (!existsSync(join(projectRoot, part))) continue;
    copy(part);
    for (const one of dependenciesOf(part)) packages.add(one);
  }
}

function dependenciesOf(part: string): readonly string[] {
  const { dependencies = {} } = JSON.parse(readFileSync(join(projectRoot, part, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  return Object.keys(dependencies);
}
