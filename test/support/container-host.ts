import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { baseLayout } from "./base-layout.ts";
import { ordinaryUser } from "./ordinary-user.ts";
import { projectRoot } from "./project.ts";

/** The record of a container, as far as tests read it. */
interface Recorded {
  readonly started?: { readonly pid: number; readonly start: number; readonly supervisor: number };
}

/** A store with an image `app` that has node and a shell, and somebody who runs containers of it. */
export interface ContainerHost extends AsyncDisposable {
  readonly directory: string;
  readonly store: string;
  tsbuild(...args: readonly string[]): { readonly status: number; readonly output: string };
  /** Runs a shell script whose arguments, "$@", are the command line that calls tsbuild. */
  shell(script: string): { readonly output: string };
  /** Runs a container in the background, and waits until its script says "ready". */
  start(name: string, script: string, ...flags: readonly string[]): void;
  /** The directory of the only container. */
  container(): string;
  record(): Recorded;
}

/** Who runs containers in tests; `skip` has the reason where that cannot be. */
export interface Who {
  readonly who: string;
  readonly skip: string | false;
  open(): Promise<ContainerHost>;
}

/** Root, and somebody with subordinate ids. */
export function containerHosts(): readonly Who[] {
  const user = ordinaryUser();
  const asUser = async (): Promise<ContainerHost> => {
    if ("missing" in user) throw new Error(user.missing);
    const directory = user.directory(`containers-${Math.random().toString(36).slice(2)}`);
    const cli = join(dirname(user.fixture("")), "dist/bin/tsbuild.cjs");
    return openHost(directory, { cli, run: (argv, env) => user.run(argv, env) });
  };
  return [
    { who: "root", skip: process.getuid?.() === 0 ? false : "needs root", open: asRoot },
    { who: "an ordinary user", skip: "missing" in user ? user.missing : false, open: asUser },
  ];
}

async function asRoot(): Promise<ContainerHost> {
  return openHost(mkdtempSync(join(tmpdir(), "tsbuild-")), {
    cli: join(projectRoot, "dist/bin/tsbuild.cjs"),
    run([program = "", ...args], env) {
      const { status, stdout, stderr } = spawnSync(program, args, {
        env: { PATH: process.env["PATH"], ...env },
        encoding: "utf8",
      });
      return { status: status ?? 1, output: stdout + stderr };
    },
  });
}

interface Caller {
  readonly cli: string;
  run(
    argv: readonly string[],
    env: Readonly<Record<string, string>>,
  ): { readonly status: number; readonly output: string };
}

async function openHost(directory: string, { cli, run }: Caller): Promise<ContainerHost> {
  const store = join(directory, "store");
  const env = { TSBUILD_ROOT: store, HOME: directory, XDG_CONFIG_HOME: join(directory, "config") };
  const tsbuild: ContainerHost["tsbuild"] = (...args) => run([process.execPath, cli, ...args], env);
  const succeed = (...args: readonly string[]): string => {
    const { status, output } = tsbuild(...args);
    if (status === 0) return output;
    throw new Error(`tsbuild ${args.join(" ")}: ${output}`);
  };
  const context = join(directory, "context");
  mkdirSync(context);
  writeFileSync(join(context, "Dockerfile"), "FROM base\n");
  await baseLayout(join(directory, "base"));
  succeed("build", "-q", "--build-context", `base=oci-layout://${directory}/base`, "-t", "app", context);
  const container = (): string => join(store, "containers", readdirSync(join(store, "containers"))[0] ?? "");
  return {
    directory,
    store,
    tsbuild,
    shell: (script) => run(["sh", "-c", script, "sh", process.execPath, cli], env),
    start(name, script, ...flags) {
      succeed("run", "-d", "--name", name, ...flags, "app", "node", "-e", script);
      while (!succeed("logs", name).includes("ready"))
        if (succeed("inspect", "-f", "{{.State.Running}}", name) !== "true\n")
          throw new Error(`${name} is not ready: ${succeed("logs", name)}`);
    },
    container,
    record: () => JSON.parse(readFileSync(join(container(), "container.json"), "utf8")) as Recorded,
    async [Symbol.asyncDispose]() {
      const ids = succeed("ps", "-aq").split("\n").filter(Boolean);
      if (ids.length > 0) tsbuild("rm", "-f", ...ids);
      rmSync(directory, { recursive: true, force: true, maxRetries: 30 });
    },
  };
}
