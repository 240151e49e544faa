import type { ChildProcess } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { baseLayout } from "./base-layout.ts";
import { ordinaryUser } from "./ordinary-user.ts";
import { projectRoot } from "./project.ts";
import type { Command } from "./terminal.ts";
import { openRig, outcomeOf, type Outcome } from "./rig.ts";

/** Somebody with a store of their own, and a directory of their own to work in. */
export interface Caller extends AsyncDisposable {
  readonly directory: string;
  readonly store: string;
  /** With this PATH, where one is given. */
  start(args: readonly string[], path?: string): ChildProcess;
  /** The same, for another program to start. */
  commandOf(args: readonly string[]): Command;
  /** Builds a Dockerfile on the base image `base`. */
  startBuild(dockerfile: string, args: readonly string[], path?: string): ChildProcess;
  build(dockerfile: string, args: readonly string[], path?: string): Promise<Outcome>;
}

async function asRoot(): Promise<Caller> {
  const rig = openRig();
  return caller(
    rig.directory,
    (args, PATH) => rig.start(args, { env: PATH === undefined ? {} : { PATH } }),
    [process.execPath, join(projectRoot, "dist/bin/tsbuild.cjs")],
    async () => rig[Symbol.asyncDispose](),
  );
}

async function asUser(): Promise<Caller> {
  const user = ordinaryUser();
  if ("missing" in user) throw new Error(user.missing);
  const directory = user.directory(`caller-${Math.random().toString(36).slice(2)}`);
  const own = { TSBUILD_ROOT: join(directory, "store"), HOME: directory };
  return caller(
    directory,
    (args, PATH) => user.start(args, PATH === undefined ? own : { ...own, PATH }),
    user.command,
    // What subordinate ids own in the store, root removes.
    async () => rmSync(directory, { recursive: true, force: true, maxRetries: 30 }),
  );
}

async function caller(
  directory: string,
  start: Caller["start"],
  command: readonly string[],
  dispose: () => Promise<void>,
): Promise<Caller> {
  await baseLayout(join(directory, "base"));
  const context = join(directory, "context");
  mkdirSync(context);
  const file = join(directory, "Dockerfile");
  const startBuild: Caller["startBuild"] = (dockerfile, args, path) => {
    writeFileSync(file, dockerfile);
    const base = ["--build-context", `base=oci-layout://${directory}/base`];
    return start(["build", "--progress=plain", ...base, ...args, "-f", file, context], path);
  };
  return {
    directory,
    store: join(directory, "store"),
    start,
    commandOf: (args) => ({
      argv: [...command, ...args],
      env: { PATH: process.env["PATH"], TSBUILD_ROOT: join(directory, "store"), HOME: directory },
    }),
    startBuild,
    build: (...request) => outcomeOf(startBuild(...request)),
    [Symbol.asyncDispose]: dispose,
  };
}

const user = ordinaryUser();

/** Everybody who may use tsbuild, with the reason where this machine cannot try it as them. */
export const CALLERS = [
  { who: "root", skip: process.getuid?.() === 0 ? false : "needs root", open: asRoot },
  { who: "an ordinary user", skip: "missing" in user ? user.missing : false, open: asUser },
] as const;
