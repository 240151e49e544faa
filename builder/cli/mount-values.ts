import { resolve } from "node:path";
import { didYouMean } from "../core/suggest.ts";
import type { ContainerMount } from "../../runtime/container/mounts.ts";
import type { MountFlags } from "../../runtime/types.ts";
import { csvPairs } from "./csv.ts";
import { usageError } from "./flags.ts";
import { byteSize } from "./limit-values.ts";

type Tmpfs = Extract<ContainerMount, { type: "tmpfs" }>;
type Written<T> = { -readonly [K in keyof T]: T[K] };

/** Options of a tmpfs that switch something on or off (mount(8)). */
const SWITCHES: ReadonlyMap<string, readonly [keyof MountFlags, boolean]> = new Map([
  ["ro", ["readonly", true]],
  ["rw", ["readonly", false]],
  ["nosuid", ["nosuid", true]],
  ["suid", ["nosuid", false]],
  ["nodev", ["nodev", true]],
  ["dev", ["nodev", false]],
  ["noexec", ["noexec", true]],
  ["exec", ["noexec", false]],
]);

/** What docker sets where --tmpfs says nothing (moby volume/mounts/linux_parser.go, mount(8)). */
const TMPFS = { mode: 0o1777, flags: { nosuid: true, nodev: true, noexec: true } } as const;

/** --tmpfs DIRECTORY[:OPTION,…] */
export function tmpfsMount(text: string): ContainerMount {
  const colon = text.indexOf(":");
  const target = absolute("--tmpfs", text, colon < 0 ? text : text.slice(0, colon));
  const mount: Written<Tmpfs> = { type: "tmpfs", target, ...TMPFS };
  for (const option of colon < 0 ? [] : text.slice(colon + 1).split(",")) {
    const [name = "", value = ""] = option.split("=", 2);
    const flag = SWITCHES.get(option);
    if (flag !== undefined) mount.flags = { ...mount.flags, [flag[0]]: flag[1] };
    else if (name === "size") mount.size = byteSize("run", "--tmpfs", value);
    else if (name === "mode") mount.mode = octal("--tmpfs", text, value);
    else
      throw usageError(
        "run",
        `Cannot use --tmpfs ${text}: it has no option "${option}"`,
        didYouMean(name, ["size", "mode", ...SWITCHES.keys()]),
      );
  }
  return mount;
}

const COMMON = ["type", "target", "dst", "destination", "readonly", "ro"];
const OPTIONS: ReadonlyMap<string, readonly string[]> = new Map([
  ["bind", ["source", "src"]],
  ["tmpfs", ["tmpfs-size", "tmpfs-mode"]],
  ["volume", ["source", "src"]],
]);

/** --mount type=bind|tmpfs|volume,target=DIRECTORY,… */
export function mountOption(text: string): ContainerMount {
  const pairs = csvPairs(text);
  const wrong = (state: string, hint?: string): Error =>
    usageError("run", `Cannot use --mount ${text}: ${state}`, hint);
  const type = pairs.get("type") ?? "volume";
  const known = OPTIONS.get(type);
  if (known === undefined) throw wrong(`there is no type "${type}"`, "there are bind, tmpfs and volume");
  const names = [...COMMON, ...known];
  for (const key of pairs.keys())
    if (!names.includes(key)) throw wrong(`a ${type} mount has no option "${key}"`, didYouMean(key, names));
  const written = pairs.get("target") ?? pairs.get("dst") ?? pairs.get("destination");
  if (written === undefined) throw wrong("the target is missing", "add target=/directory");
  const target = absolute("--mount", text, written);
  const readonly = isSet(pairs.get("readonly") ?? pairs.get("ro"), wrong);
  const source = pairs.get("source") ?? pairs.get("src");
  if (type === "bind") {
    if (!source) throw wrong("the source is missing", "add source=/path/on/this/machine");
    return { type, target, source: resolve(source), readonly };
  }
  if (type === "volume") {
    if (source) throw namedVolume("--mount", text);
    return { type, target, readonly };
  }
  const [size, mode] = [pairs.get("tmpfs-size"), pairs.get("tmpfs-mode")];
  return {
    type: "tmpfs",
    target,
    mode: mode === undefined ? TMPFS.mode : octal("--mount", text, mode),
    ...(size === undefined ? {} : { size: byteSize("run", "--mount", size) }),
    flags: { ...TMPFS.flags, readonly },
  };
}

/** `-v DIRECTORY`: a volume without a name; undefined for the other forms. */
export function anonymousVolume(text: string): ContainerMount | undefined {
  return /^\/[^:]*$/.test(text) ? { type: "volume", target: text, readonly: false } : undefined;
}

/** That volumes do not outlive their container. */
export function namedVolume(flag: string, text: string): Error {
  return usageError(
    "run",
    `Cannot use ${flag} ${text}: tsbuild has no volumes with names`,
    "name a directory of this machine, which is kept: /data:/data or ./data:/data",
  );
}

function absolute(flag: string, text: string, path: string): string {
  if (path.startsWith("/") && path !== "/") return path;
  throw usageError("run", `Cannot use ${flag} ${text}: "${path}" is no absolute path below /`);
}

function octal(flag: string, text: string, mode: string): number {
  if (/^[0-7]{1,5}$/.test(mode)) return Number.parseInt(mode, 8) & 0o7777;
  throw usageError("run", `Cannot use ${flag} ${text}: the mode is not octal`, "write mode=1777");
}

function isSet(value: string | undefined, wrong: (state: string) => Error): boolean {
  if (value === undefined || value === "false" || value === "0") return false;
  if (value === "true" || value === "1") return true;
  throw wrong(`readonly is true or false, not "${value}"`);
}
