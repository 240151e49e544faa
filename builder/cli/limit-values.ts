import { isIP } from "node:net";
import { didYouMean } from "../core/suggest.ts";
import type { HostEntry } from "../../runtime/limits/types.ts";
import type { ResourceLimit } from "../../runtime/types.ts";
import { usageError } from "./flags.ts";

const UNITS = "bkmgtp";
/** docker refuses less (moby daemon/daemon_unix.go): no process starts in it. */
const LEAST_MEMORY = 6 * 1024 * 1024;

/** Names of docker's --ulimit and their numbers (asm-generic/resource.h). */
const RESOURCES: ReadonlyMap<string, number> = new Map(
  "cpu fsize data stack core rss nproc nofile memlock as locks sigpending msgqueue nice rtprio rttime"
    .split(" ")
    .map((name, number) => [name, number]),
);

/** Bytes as docker's users write them: 512m, 1.5g, 64MiB, 1048576 (docker go-units RAMInBytes). */
export function byteSize(command: string, flag: string, text: string): number {
  const [, digits, unit = "b"] = /^(\d+(?:\.\d+)?) ?([bkmgtp])?(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(digits) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
  if (digits !== undefined && Number.isSafeInteger(bytes)) return bytes;
  throw usageError(
    command,
    `Cannot use ${flag} ${text}: it is not a size`,
    "write 512m, 2g or a number of bytes",
  );
}

/** --memory. */
export function memorySize(command: string, flag: string, text: string): number {
  const bytes = byteSize(command, flag, text);
  if (bytes >= LEAST_MEMORY) return bytes;
  throw usageError(command, `Cannot use ${flag} ${text}: the least is 6m`);
}

/** A count, or any number of it: -1 and, where docker means that, 0. */
export function countOrUnlimited(command: string, flag: string, text: string): number {
  if (text === "-1" || text === "0") return Number.POSITIVE_INFINITY;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError(command, `Cannot use ${flag} ${text}: it is not a number`, "write -1 for no limit");
}

/** --cpus: processors, and parts of one. */
export function processorCount(command: string, flag: string, text: string): number {
  const count = Number(text);
  if (/^\d*\.?\d+$/.test(text) && count >= 0.01 && count <= 65536) return count;
  throw usageError(command, `Cannot use ${flag} ${text}: it is not a number of processors`, "write 2 or 0.5");
}

/** --cpuset-cpus, --cpuset-mems: 0-3,5. */
export function numberList(command: string, flag: string, text: string): string {
  if (/^\d+(?:-\d+)?(?:,\d+(?:-\d+)?)*$/.test(text)) return text;
  throw usageError(command, `Cannot use ${flag} ${text}: it is not a list of numbers`, "write 0-3 or 0,2");
}

/** --ulimit NAME=SOFT[:HARD]; -1 is unlimited. */
export function resourceLimit(command: string, text: string): ResourceLimit {
  const [, name = "", soft = "", hard = soft] = /^([^=]*)=(-1|\d{1,15})(?::(-1|\d{1,15}))?$/.exec(text) ?? [];
  if (soft === "")
    throw usageError(
      command,
      `Cannot use --ulimit ${text}: it is not NAME=SOFT[:HARD]`,
      "write nofile=1024:4096",
    );
  const resource = RESOURCES.get(name);
  if (resource === undefined)
    throw usageError(
      command,
      `Cannot use --ulimit ${text}: "${name}" is no resource`,
      didYouMean(name, RESOURCES.keys()) ?? `there are ${[...RESOURCES.keys()].join(", ")}`,
    );
  const [low, high] = [soft, hard].map((one) => (one === "-1" ? Number.POSITIVE_INFINITY : Number(one)));
  if (low === undefined || high === undefined || low > high)
    throw usageError(command, `Cannot use --ulimit ${text}: the soft limit is above the hard one`);
  return { resource, soft: low, hard: high };
}

/** --add-host NAME:ADDRESS or NAME=ADDRESS; an address of version 6 may stand in brackets. */
export function hostEntry(command: string, text: string): HostEntry {
  const [, name = "", written = ""] = /^([^:=\s]+)[:=](.+)$/.exec(text) ?? [];
  const address = written.replace(/^\[(.*)\]$/, "$1");
  if (name !== "" && (address === "host-gateway" || isIP(address) !== 0)) return { name, address };
  throw usageError(
    command,
    `Cannot use --add-host ${text}: it is not NAME:ADDRESS`,
    "write db:10.0.0.7, or NAME:host-gateway for this machine",
  );
}

/** A group below the root of the hierarchy of control groups; it cannot lead out of it. */
export function groupPath(command: string, flag: string, text: string): string {
  const parts = text.split("/").filter(Boolean);
  if (parts.length > 0 && parts.every((part) => part !== "." && part !== ".." && !part.includes("\0")))
    return parts.join("/");
  throw usageError(command, `Cannot use ${flag} ${text}: it is not the path of a control group`);
}
