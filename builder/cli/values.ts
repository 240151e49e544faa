import { readFileSync } from "node:fs";
import { messageOf, TsbuildError } from "../core/errors.ts";
import { formatPlatform, parsePlatform, type Platform } from "../core/platform.ts";
import { parseDuration } from "../dockerfile/duration.ts";
import { didYouMean } from "../core/suggest.ts";
import type { NetworkMode } from "../../runtime/network/types.ts";
import type { PullPolicy } from "../api/types.ts";
import type { ProgressMode } from "../progress/types.ts";
import { usageError } from "./flags.ts";

const PULL: readonly PullPolicy[] = ["always", "missing", "newer", "never"];
const NETWORKS: readonly NetworkMode[] = ["default", "none", "host"];
const PROGRESS: readonly ProgressMode[] = ["auto", "plain", "tty", "quiet", "rawjson"];

/** --pull; docker's `true` and `false` mean always and missing. */
export function pullPolicy(command: string, text: string | undefined): PullPolicy {
  if (text === "true") return "always";
  if (text === undefined || text === "false") return "missing";
  return oneOf(command, "--pull", text, PULL);
}

/** --network; docker's "bridge" is the default one. */
export function networkMode(command: string, text: string): NetworkMode {
  return text === "bridge" ? "default" : oneOf(command, "--network", text, NETWORKS);
}

/** --progress; buildx has "none" for what shows nothing. */
export function progressMode(command: string, text: string | undefined): ProgressMode {
  if (text === "none") return "quiet";
  return text === undefined ? "auto" : oneOf(command, "--progress", text, PROGRESS);
}

/** --platform of a build: names between commas, each counted once. */
export function platformList(texts: readonly string[]): readonly Platform[] {
  const platforms = texts.flatMap((text) => text.split(",")).map(parsePlatform);
  return [...new Map(platforms.map((platform) => [formatPlatform(platform), platform])).values()];
}

/** --platform of what works on one image. */
export function onePlatform(text: string | undefined): Platform | undefined {
  if (text?.includes(",")) {
    throw new TsbuildError("USAGE", `Cannot use --platform ${text}: one platform is to be named here`, {
      hint: "run it once for each platform",
    });
  }
  return text === undefined ? undefined : parsePlatform(text);
}

/** --format of commands that answer. */
export function outputFormat(command: string, text: string | undefined): "text" | "json" {
  return text === undefined ? "text" : oneOf(command, "--format", text, ["text", "json"] as const);
}

/** A whole number from 1 on. */
export function count(command: string, flag: string, text: string): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number > 0) return number;
  throw usageError(command, `Cannot use ${flag} ${text}: it is no number from 1 on`);
}

const DAYS = /^(\d{1,6})(d|w)$/;
const DAY = 24 * 60 * 60 * 1000;

/** Milliseconds of `90m`, `1h30m`, `14d` or `2w`. */
export function duration(command: string, flag: string, text: string): number {
  const [, days, unit] = DAYS.exec(text) ?? [];
  if (days !== undefined) return Number(days) * (unit === "w" ? 7 : 1) * DAY;
  const nanoseconds = parseDuration(text);
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6;
  throw usageError(
    command,
    `Cannot use ${flag} ${text}: it is no duration`,
    "write a number and a unit of s, m, h, d or w: 12h, 14d",
  );
}

/** `NAME=VALUE`, or `NAME` for what the environment says: nothing, where it does not know the name. */
export function fromEnvironment(text: string, env: NodeJS.ProcessEnv): readonly [string, string] | undefined {
  const equals = text.indexOf("=");
  if (equals >= 0) return [text.slice(0, equals), text.slice(equals + 1)];
  const value = env[text];
  return value === undefined ? undefined : [text, value];
}

/** The lines of a file with `NAME=VALUE` or `NAME` in each; `#` begins a comment, as in docker's --env-file. */
export function readPairsFile(command: string, flag: string, path: string): string[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw new TsbuildError("USAGE", `Cannot read ${flag} ${path}: ${messageOf(cause)}`, { cause });
  }
  const lines = text.replace(/^\ufeff/, "").split(/\r?\n/);
  return lines.flatMap((line, index) => {
    const pair = line.trimStart();
    if (pair === "" || pair.startsWith("#")) return [];
    if (/^(=|[^=]*\s)/.test(pair) && !/^[^=\s]+\s*$/.test(pair)) {
      throw usageError(
        command,
        `Cannot read ${path}:${index + 1}: a name has no spaces and is not empty`,
        "write NAME=VALUE",
      );
    }
    return [pair.includes("=") ? pair : pair.trimEnd()];
  });
}

function oneOf<T extends string>(command: string, flag: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw usageError(
    command,
    `Cannot use ${flag} ${text}: it is none of ${values.join(", ")}`,
    didYouMean(text, values),
  );
}
