import { TsbuildError } from "../../../core/errors.ts";
import { resolve } from "node:path";
import type { RunOptions } from "../../../api/run-options.ts";
import { DETACH_KEYS_FLAG } from "../../detach-keys.ts";
import { usageError } from "../../flags.ts";
import { anonymousVolume, namedVolume } from "../../mount-values.ts";
import type { FlagTable, FlagValues } from "../../types.ts";
import { lifecycle } from "./run-lifecycle.ts";
import { HOLD, MOUNTS, RUN_SANDBOX_FLAGS, runSandbox } from "./run-sandbox.ts";
import { VARIABLE_FLAGS, variables } from "../variables.ts";
import { onePlatform, pullPolicy } from "../../values.ts";

/** What `tsbuild run` takes. */
export const RUN_FLAGS = {
  detach: { short: "d", doc: "Let it run in the background, and print its id" },
  name: { value: "NAME", doc: "Name the container", default: "two words" },
  label: { short: "l", value: "NAME[=VALUE]", repeat: true, doc: "Put a label on the container" },
  "label-file": { value: "FILE", repeat: true, doc: "Read labels from a file, one a line" },
  cidfile: { value: "FILE", doc: "Write the container's id to a file that is not there yet" },
  rm: { doc: "Remove the container's files when it ends" },
  restart: {
    value: "POLICY",
    doc: "Run it again when it ends: on-failure[:MOST], always or unless-stopped",
    default: "no",
  },
  "stop-signal": { value: "SIGNAL", doc: "What stop sends", default: "the image's, or SIGTERM" },
  "stop-timeout": { value: "SECONDS", doc: "How long stop waits before it kills", default: "10" },
  interactive: { short: "i", doc: "Pass standard input on" },
  tty: { short: "t", doc: "Give it a terminal" },
  "detach-keys": DETACH_KEYS_FLAG,
  ...VARIABLE_FLAGS,
  volume: {
    short: "v",
    value: "[HOST:]CONTAINER[:ro]",
    repeat: true,
    group: MOUNTS,
    doc: "Show a file or directory of this machine; without HOST an empty volume, gone with the container",
  },
  workdir: { short: "w", value: "DIR", doc: "Start in this directory", default: "the image's" },
  user: { short: "u", value: "USER[:GROUP]", doc: "Run as this user", default: "the image's" },
  entrypoint: { value: "COMMAND", doc: "Use this instead of the image's entrypoint; empty for none" },
  hostname: { short: "h", value: "NAME", doc: "Name the container's host" },
  init: { doc: "Run a first process that reaps orphans and passes signals on" },
  "read-only": { group: MOUNTS, doc: "Let nothing be written to its root filesystem" },
  "cap-add": { value: "NAME", repeat: true, group: HOLD, doc: "Add a capability, or ALL" },
  "cap-drop": { value: "NAME", repeat: true, group: HOLD, doc: "Drop a capability, or ALL" },
  pull: {
    value: "WHEN",
    bare: "always",
    doc: "Ask the registry for the image: always, missing, newer or never",
    default: "missing",
  },
  ...RUN_SANDBOX_FLAGS,
  platform: { value: "OS/ARCH", doc: "Run the image for this platform", default: "this machine's" },
} as const satisfies FlagTable;

/** What docker's run takes and this one does not yet, with what to do instead. */
export const MISSING_RUN_FLAGS: Readonly<Record<string, string | undefined>> = {
  "attach|a": undefined,
  "privileged|group-add|userns": undefined,
  cgroupns: "a container has a namespace of its own for control groups",
  "sig-proxy": undefined,
  "device|gpus": undefined,
  "domainname|ip|ip6|link|mac-address|network-alias": undefined,
  "health-cmd|health-interval|health-retries|health-timeout|no-healthcheck": undefined,
  expose: "write --publish: only a port that is published is reached from outside",
  quiet: undefined,
  "volumes-from|volume-driver": undefined,
};

/** What the flags of `tsbuild run` ask for. */
export type RunRequest = Omit<RunOptions, "io" | "signal" | "emit" | "onCreated">;

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
    env: variables("run", flags, env),
    volumes: flags.volume.filter((text) => anonymousVolume(text) === undefined).map(volume),
    ...(workdir === undefined ? {} : { workdir }),
    ...(user === undefined ? {} : { user }),
    ...(hostname === undefined ? {} : { hostname }),
    ...lifecycle(flags),
    interactive: flags.interactive,
    tty: flags.tty,
    init: flags.init,
    readonly: flags["read-only"],
    capAdd: flags["cap-add"],
    capDrop: flags["cap-drop"],
    sandbox: runSandbox(flags),
    pull: pullPolicy("run", flags.pull),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** Host paths become absolute. */
function volume(text: string): string {
  const [host = "", container, mode, ...rest] = text.split(":");
  if (container === undefined || !/^(?:\.{0,2}\/|\.{1,2}$)/.test(host)) throw namedVolume("--volume", text);
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
