import { TsbuildError } from "../../core/errors.ts";
import { resolve } from "node:path";
import type { RunOptions } from "../../api/run-options.ts";
import { usageError } from "../flags.ts";
import type { FlagTable, FlagValues } from "../types.ts";
import { fromEnvironment, onePlatform, pullPolicy, readPairsFile } from "../values.ts";

/** What `tsbuild run` takes. */
export const RUN_FLAGS = {
  rm: { doc: "Remove the container's files when it ends" },
  interactive: { short: "i", doc: "Pass standard input on" },
  tty: { short: "t", doc: "Give it a terminal" },
  env: {
    short: "e",
    value: "NAME[=VALUE]",
    repeat: true,
    doc: "Set a variable; without a value, from the environment",
  },
  "env-file": { value: "FILE", repeat: true, doc: "Read variables from a file, one a line" },
  volume: {
    short: "v",
    value: "HOST:CONTAINER[:ro]",
    repeat: true,
    doc: "Show a file or directory of this machine",
  },
  workdir: { short: "w", value: "DIR", doc: "Start in this directory", default: "the image's" },
  user: { short: "u", value: "USER[:GROUP]", doc: "Run as this user", default: "the image's" },
  entrypoint: { value: "COMMAND", doc: "Use this instead of the image's entrypoint; empty for none" },
  hostname: { short: "h", value: "NAME", doc: "Name the container's host" },
  init: { doc: "Run a first process that reaps orphans and passes signals on" },
  "read-only": { doc: "Let nothing be written to its root filesystem" },
  "cap-add": { value: "NAME", repeat: true, doc: "Add a capability, or ALL" },
  "cap-drop": { value: "NAME", repeat: true, doc: "Drop a capability, or ALL" },
  pull: {
    value: "WHEN",
    bare: "always",
    doc: "Ask the registry for the image: always, missing, newer or never",
    default: "missing",
  },
  platform: { value: "OS/ARCH", doc: "Run the image for this platform", default: "this machine's" },
} as const satisfies FlagTable;

/** What docker's run takes and this one does not yet, with what to do instead. */
export const MISSING_RUN_FLAGS: Readonly<Record<string, string | undefined>> = {
  "add-host": undefined,
  "attach|a": undefined,
  "privileged|security-opt|group-add|userns": undefined,
  "cgroup-parent|cgroupns|cpus|c|cpu-shares|memory|m|memory-swap|pids-limit|ulimit|shm-size": undefined,
  "cidfile|name": "a container has no name: it ends with the command",
  "detach|d": 'run it in the background with your shell: "tsbuild run … &"',
  "device|gpus": undefined,
  "dns|dns-option|dns-search|domainname|ip|link|mac-address|network-alias": undefined,
  "health-cmd|health-interval|health-retries|health-timeout|no-healthcheck": undefined,
  "label|l|label-file": undefined,
  mount: "write -v HOST:CONTAINER",
  "network|net": "containers have the machine's network",
  "publish|p|publish-all|P|expose": "containers have the machine's network: its ports are reached without",
  quiet: undefined,
  restart: undefined,
  "stop-signal|stop-timeout": undefined,
  "tmpfs|volumes-from|volume-driver": undefined,
};

/** What the flags of `tsbuild run` ask for. */
export type RunRequest = Omit<RunOptions, "io" | "signal" | "emit">;

/** Reads the values of the flags; nothing is opened but files with variables. */
export function runRequest(
  flags: FlagValues<typeof RUN_FLAGS>,
  [image = "", ...command]: readonly string[],
  env: NodeJS.ProcessEnv,
): RunRequest {
  const platform = onePlatform(flags.platform);
  const { entrypoint, workdir, user, hostname } = flags;
  return {
    image,
    command,
    ...(entrypoint === undefined ? {} : { entrypoint: entrypoint === "" ? [] : [entrypoint] }),
    env: variables(flags, env),
    volumes: flags.volume.map(volume),
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    ...(hostname === undefined ? {} : { hostname }),
    interactive: flags.interactive,
    tty: flags.tty,
    init: flags.init,
    readonly: flags["read-only"],
    capAdd: flags["cap-add"],
    capDrop: flags["cap-drop"],
    remove: flags.rm,
    pull: pullPolicy("run", flags.pull),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** Files first: what is written on the command line wins. */
function variables(flags: FlagValues<typeof RUN_FLAGS>, env: NodeJS.ProcessEnv): readonly string[] {
  const files = flags["env-file"].flatMap((path) => readPairsFile("run", "--env-file", path));
  const values = new Map<string, string>();
  for (const text of [...files, ...flags.env]) {
    const pair = fromEnvironment(text, env);
    if (text === "" || pair?.[0] === "") {
      throw usageError("run", `Cannot use --env "${text}": the name is missing`, "write NAME=VALUE");
    }
    if (pair !== undefined) values.set(...pair);
  }
  return [...values].map(([name, value]) => `${name}=${value}`);
}

/** Host paths become absolute; what docker takes for a named volume is not there yet. */
function volume(text: string): string {
  const [host = "", container, mode, ...rest] = text.split(":");
  if (container === undefined || !/^(?:\.{0,2}\/|\.{1,2}$)/.test(host)) {
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use --volume ${text}: tsbuild does not support volumes with names yet`,
      {
        hint: "write the path of a directory: /data:/data or ./data:/data",
      },
    );
  }
  if (rest.length > 0 || !container.startsWith("/")) {
    throw usageError(
      "run",
      `Cannot use --volume ${text}: it is not HOST:CONTAINER[:ro]`,
      "CONTAINER is an absolute path",
    );
  }
  if (mode !== undefined && mode !== "ro" && mode !== "rw") {
    throw new TsbuildError(
      "UNSUPPORTED",
      `Cannot use --volume ${text}: tsbuild does not support "${mode}" yet`,
      {
        hint: "ro and rw are there",
      },
    );
  }
  return [resolve(host), container, ...(mode === "ro" ? ["ro"] : [])].join(":");
}
