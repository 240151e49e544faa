import { isIP } from "node:net";
import { resolve } from "node:path";
import type { ContainerSandbox } from "../../../api/container-sandbox.ts";
import { didYouMean } from "../../../core/suggest.ts";
import { usageError } from "../../flags.ts";
import { anonymousVolume, mountOption, tmpfsMount } from "../../mount-values.ts";
import { publishedPorts } from "../../port-values.ts";
import type { FlagTable, FlagValues } from "../../types.ts";
import { networkMode } from "../../values.ts";
import { sandboxSettings } from "../limit-request.ts";
import { limitFlags } from "../sandbox-flags.ts";

const NETWORK = "What it is connected with";
/** The heading of what a container sees of this machine. */
export const MOUNTS = "What it sees";
/** The heading of what keeps a container from doing more. */
export const HOLD = "What holds it";
const LIMIT_FLAGS = limitFlags(HOLD);
const SECURITY_OPTIONS = ["seccomp", "no-new-privileges"];

/** Flags of `run` for what holds a container, and what it is connected with. */
export const RUN_SANDBOX_FLAGS = {
  network: {
    value: "MODE",
    group: NETWORK,
    doc: "Its network: default (its own, with a way out), none or host",
    default: "default",
  },
  net: { value: "MODE", group: NETWORK, doc: "The same as --network" },
  publish: {
    short: "p",
    value: "[ADDRESS:][HOST:]CONTAINER[/udp]",
    repeat: true,
    group: NETWORK,
    doc: "Let a port of this machine lead to one of the container's",
  },
  "publish-all": {
    short: "P",
    group: NETWORK,
    doc: "Publish every port that the image exposes, at free ports of this machine",
  },
  dns: { value: "ADDRESS", repeat: true, group: NETWORK, doc: "Ask this name server" },
  "dns-search": { value: "DOMAIN", repeat: true, group: NETWORK, doc: "Look names up in this domain" },
  "dns-option": { value: "OPTION", repeat: true, group: NETWORK, doc: "Add an option to /etc/resolv.conf" },
  tmpfs: {
    value: "DIRECTORY[:OPTIONS]",
    repeat: true,
    group: MOUNTS,
    doc: "Mount a directory in memory; options as size=64m,mode=1777,exec",
  },
  mount: {
    value: "type=TYPE,target=DIRECTORY",
    repeat: true,
    group: MOUNTS,
    doc: "Mount bind (with source=PATH), tmpfs or volume; with readonly it cannot be written to",
  },
  ...LIMIT_FLAGS,
  "add-host": { ...LIMIT_FLAGS["add-host"], group: NETWORK },
  "security-opt": {
    value: "OPTION",
    repeat: true,
    group: HOLD,
    doc: "seccomp=unconfined, seccomp=FILE with docker's JSON, or no-new-privileges",
  },
} as const satisfies FlagTable;

type Flags = FlagValues<typeof RUN_SANDBOX_FLAGS> & { readonly volume: readonly string[] };

/** Reads the flags that hold and connect a container. */
export function runSandbox(flags: Flags): ContainerSandbox {
  const network = networkMode("run", flags.network ?? flags.net ?? "default");
  const ports = flags.publish.flatMap((text) => publishedPorts("run", text));
  if (network !== "default" && (ports.length > 0 || flags["publish-all"])) {
    const state =
      network === "none" ? "nothing reaches it" : "its ports are this machine's, and are reached without";
    throw usageError("run", `Cannot publish ports of a container with --network ${network}: ${state}`);
  }
  return {
    settings: sandboxSettings("run", flags),
    network,
    ports,
    publishAll: flags["publish-all"],
    dns: { servers: flags.dns.map(nameServer), search: flags["dns-search"], options: flags["dns-option"] },
    mounts: [
      ...flags.volume.flatMap((text) => anonymousVolume(text) ?? []),
      ...flags.mount.map(mountOption),
      ...flags.tmpfs.map(tmpfsMount),
    ],
    ...securityOptions(flags["security-opt"]),
  };
}

function nameServer(text: string): string {
  if (isIP(text) !== 0) return text;
  throw usageError("run", `Cannot use --dns ${text}: it is no address`, "write 1.1.1.1");
}

/** docker takes `NAME=VALUE` and `NAME:VALUE`, and a name alone for true. */
function securityOptions(options: readonly string[]): Pick<ContainerSandbox, "seccomp" | "noNewPrivileges"> {
  let seccomp: string | undefined;
  let noNewPrivileges = false;
  for (const text of options) {
    const [, name = "", value] = /^([^=:]*)(?:[=:](.*))?$/s.exec(text) ?? [];
    if (name === "seccomp" && value) {
      seccomp = value === "unconfined" || value === "builtin" ? value : resolve(value);
    } else if (name === "no-new-privileges" && ["true", "false", undefined].includes(value)) {
      noNewPrivileges = value !== "false";
    } else {
      throw usageError(
        "run",
        `Cannot use --security-opt ${text}: tsbuild knows no such option`,
        didYouMean(name, SECURITY_OPTIONS) ??
          "there are seccomp=unconfined, seccomp=FILE and no-new-privileges",
      );
    }
  }
  return { noNewPrivileges, ...(seccomp === undefined || seccomp === "builtin" ? {} : { seccomp }) };
}
