import { TsbuildError } from "../../builder/core/errors.ts";
import type { Emit } from "../../builder/core/events.ts";
import { sha256, type DiffId } from "../../builder/core/digest.ts";
import type { Io, Output } from "../../builder/cli/types.ts";
import { runCli } from "../../builder/cli/run-cli.ts";
import type { RunOptions } from "../../builder/api/run-options.ts";
import type { BuildOptions, Tsbuild } from "../../builder/api/types.ts";
import { fakeScreen } from "../progress/fake-screen.ts";

export const IMAGE_ID = sha256("config");
export const DIGEST = sha256("manifest");
export const LAYER = sha256("layer") as DiffId;

/** A command line with a process of its own making: what it wrote, and ways to send it signals. */
export interface FakeIo extends Io {
  readonly out: { stdout: string; stderr: string };
  /** Raw mode of standard input, as it was set. */
  readonly raw: boolean[];
  readonly exits: number[];
  send(signal: NodeJS.Signals): void;
  listeners(): number;
  resize(columns: number, rows: number): void;
}

export function fakeIo(
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly tty?: readonly ("stdin" | "stdout" | "stderr")[];
  } = {},
): FakeIo {
  const { env = {}, tty = [] } = options;
  const out = { stdout: "", stderr: "" };
  const listeners = new Map<string, Set<() => void>>();
  const raw: boolean[] = [];
  const exits: number[] = [];
  const stdoutScreen = fakeScreen(tty.includes("stdout"));
  const output = (name: "stdout" | "stderr"): Output => ({
    ...fakeScreen(tty.includes(name)),
    write: (data) => void (out[name] += typeof data === "string" ? data : Buffer.from(data).toString()),
  });
  return {
    env,
    out,
    raw,
    exits,
    stdin: {
      isTTY: tty.includes("stdin"),
      setRawMode: (on) => void raw.push(on),
      async *read() {
        yield Buffer.from("input");
      },
      close: () => undefined,
    },
    stdout: {
      ...output("stdout"),
      get columns() {
        return stdoutScreen.columns;
      },
      get rows() {
        return stdoutScreen.rows;
      },
      onResize: (listener) => stdoutScreen.onResize(listener),
    },
    stderr: output("stderr"),
    onSignal(signal, listener) {
      const set = listeners.get(signal) ?? new Set();
      listeners.set(signal, set.add(listener));
      return () => void set.delete(listener);
    },
    exit: (status) => void exits.push(status),
    send(signal) {
      for (const listener of listeners.get(signal) ?? []) listener();
    },
    listeners: () => [...listeners.values()].reduce((sum, set) => sum + set.size, 0),
    resize: (columns, rows) => stdoutScreen.resize(columns, rows),
  };
}

function never(): never {
  throw new Error("not expected to be called");
}

/** A Tsbuild that does what a test says and nothing else. */
export function fakeTsbuild(parts: Partial<Tsbuild>): Tsbuild {
  return {
    build: never,
    explain: never,
    forecast: never,
    check: never,
    outline: never,
    targets: never,
    context: never,
    logs: never,
    contextPath: never,
    plan: never,
    run: never,
    shell: never,
    containers: {
      list: never,
      async find(reference) {
        throw new TsbuildError("CONTAINER_NOT_FOUND", `Cannot find container "${reference}": there is none`);
      },
      logs: never,
      start: never,
      stop: never,
      kill: never,
      attach: never,
      wait: never,
      remove: never,
      exec: never,
      commit: never,
      rename: never,
      pause: never,
      unpause: never,
      processes: never,
      changes: never,
      copy: never,
    },
    pull: never,
    push: never,
    save: never,
    load: never,
    copy: never,
    manifest: never,
    history: never,
    login: never,
    logout: never,
    tag: never,
    remove: never,
    images: never,
    inspect: never,
    diff: never,
    verify: never,
    space: never,
    prune: never,
    checkStore: never,
    doctor: never,
    saveCache: never,
    restoreCache: never,
    [Symbol.asyncDispose]: async () => undefined,
    ...parts,
  };
}

export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line from its arguments to its status. */
export async function cli(
  argv: readonly string[],
  parts: Partial<Tsbuild> | ((emit: Emit, signal: AbortSignal) => Partial<Tsbuild>) = {},
  io: FakeIo = fakeIo(),
): Promise<Outcome> {
  const status = await runCli(argv, io, async ({ emit, signal }) =>
    fakeTsbuild(typeof parts === "function" ? parts(emit, signal) : parts),
  );
  return { status, ...io.out };
}

/** A build that succeeds at once, and what it was asked for. */
export function recordingBuild(): { readonly asked: BuildOptions[]; readonly parts: Partial<Tsbuild> } {
  const asked: BuildOptions[] = [];
  return {
    asked,
    parts: {
      async build(options) {
        asked.push(options);
        return {
          imageId: IMAGE_ID,
          digest: DIGEST,
          names: options.tags.map((tag) => `docker.io/library/${tag}:latest`),
          platforms: [{ os: "linux", architecture: "amd64" }],
          ran: 1,
          cached: 4,
        };
      },
    },
  };
}

/** A container that does what a test says. */
export function recordingRun(run: (options: RunOptions) => Promise<number> = async () => 0): {
  readonly asked: RunOptions[];
  readonly parts: Partial<Tsbuild>;
} {
  const asked: RunOptions[] = [];
  return {
    asked,
    parts: {
      run(options) {
        asked.push(options);
        return run(options);
      },
    },
  };
}
