import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { removeTree } from "../../fixtures/remove-tree.ts";
import { projectRoot } from "./project.ts";

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

/** A directory of its own with a store of its own, and the real command line to work on it. */
export interface Rig extends AsyncDisposable {
  readonly directory: string;
  readonly store: string;
  /** Absolute path in the rig's directory. */
  path(...parts: readonly string[]): string;
  /** Writes files of a context; returns its directory. */
  context(files: Readonly<Record<string, string>>, name?: string): string;
  tsbuild(args: readonly string[], options?: CliOptions): Promise<Outcome>;
  /** The same, while it runs. */
  start(args: readonly string[], options?: CliOptions): ChildProcess;
}

/** The command as it is installed. */
const cli = join(projectRoot, "dist/bin/tsbuild.cjs");

export function openRig(): Rig {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), "tsbuild-test-")));
  const store = join(directory, "store");
  const start = (args: readonly string[], options: CliOptions = {}): ChildProcess =>
    spawn(process.execPath, [cli, ...args], {
      cwd: options.cwd ?? directory,
      env: {
        PATH: process.env["PATH"],
        HOME: directory,
        TSBUILD_ROOT: store,
        XDG_CONFIG_HOME: join(directory, "config"),
        ...options.env,
      },
      stdio: "pipe",
    });
  return {
    directory,
    store,
    start,
    path: (...parts) => join(directory, ...parts),
    context(files, name = "context") {
      const root = join(directory, name);
      mkdirSync(root, { recursive: true });
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      return root;
    },
    async tsbuild(args, options = {}) {
      const child = start(args, options);
      child.stdin?.end(options.input ?? "");
      return outcomeOf(child);
    },
    [Symbol.asyncDispose]: () => removeTree(directory),
  };
}

/** Waits until a directory is empty: what connects steps to the network ends just after its build. */
export async function emptied(directory: string): Promise<void> {
  for (const began = Date.now(); readdirSync(directory).length > 0; await delay(20))
    if (Date.now() - began > 60_000) throw new Error(`left: ${readdirSync(directory).join()}`);
}

/** Waits until a command has said something, and gives all that it has said by then; throws where it ends before. */
export async function saying(child: ChildProcess, pattern: RegExp): Promise<string> {
  let said = "";
  return new Promise((resolve, reject) => {
    for (const stream of [child.stdout, child.stderr])
      stream?.on("data", (chunk: Buffer) => {
        said += chunk.toString();
        if (pattern.test(said)) resolve(said);
      });
    child.once("close", () => reject(new Error(`it ended without ${pattern}: ${said}`)));
  });
}

/** Waits for the end of a command and collects what it says. One that a signal ended has the status that a shell gives it. */
export async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const output = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (output.stderr += chunk.toString()));
  const status = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  });
  return { status, ...output };
}
