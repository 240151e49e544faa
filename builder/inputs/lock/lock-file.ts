import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { isDigest } from "../../core/digest.ts";
import { TsbuildError, errnoOf, messageOf } from "../../core/errors.ts";
import { isCommit } from "../../net/git-url.ts";

/** Stands beside the Dockerfile. */
export const LOCK_NAME = "tsbuild.lock";

/** The tables of a lock, in their order. */
export const SECTIONS = ["images", "urls", "git"] as const;
type Section = (typeof SECTIONS)[number];

/** What names stood for when they were locked; keys without a prototype's names. */
export type LockedSources = Readonly<Record<Section, Readonly<Record<string, string>>>>;

const VERSION = 1;
const HEADER = `# What names in the Dockerfile stood for. Written by tsbuild --lock and --update-lock; to be checked in.\n`;
/** Bigger is no list of what one Dockerfile uses. */
const MAX_SIZE = 4 << 20;

/** The file's content; undefined where there is none. */
export function readLockFile(path: string): LockedSources | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (errnoOf(cause) === "ENOENT") return undefined;
    throw new TsbuildError("CONFIG_INVALID", `Cannot read "${path}": ${messageOf(cause)}`, { cause });
  }
  return parseLock(text, path);
}

/** Reads a lock: TOML of tables and strings alone, a line for each entry, so that line-wise merges give the like. */
export function parseLock(text: string, path: string): LockedSources {
  const sources: Record<Section, Record<string, string>> = { images: empty(), urls: empty(), git: empty() };
  let section: Section | undefined;
  let version: number | undefined;
  const refuse = (number: number, state: string, hint?: string): TsbuildError =>
    new TsbuildError("CONFIG_INVALID", `Cannot read "${path}": line ${number + 1} ${state}`, {
      hint: hint ?? "take it back from version control, or remove it and run with --lock",
    });
  if (text.length > MAX_SIZE) throw refuse(0, "begins more than 4 MiB");
  for (const [number, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    if (/^(<{7}|={7}|>{7}|\|{7})/.test(line))
      throw refuse(number, "is a conflict of a merge", "keep the entries of both sides, or one of each name");
    const table = /^\[(\w+)\]$/.exec(line)?.[1];
    if (table !== undefined) {
      section = SECTIONS.find((one) => one === table);
      if (section === undefined) throw refuse(number, `begins the unknown table "${table}"`);
      continue;
    }
    const given = /^version = (\d+)$/.exec(line)?.[1];
    if (section === undefined && given !== undefined) {
      version = Number(given);
      continue;
    }
    const [key, value] = entryOf(line) ?? [];
    if (section === undefined || key === undefined || value === undefined)
      throw refuse(number, "is no entry of a lock");
    const known = sources[section][key];
    if (known !== undefined && known !== value)
      throw refuse(number, `says something else of "${key}" than a line before it`, "keep one of the two");
    if (!(section === "git" ? isCommit(value) : isDigest(value)))
      throw refuse(
        number,
        `has "${value.slice(0, 80)}", which is no ${section === "git" ? "commit" : "digest"}`,
      );
    sources[section][key] = value;
  }
  if (version === VERSION) return sources;
  const state =
    version === undefined ? "it does not say its version" : `its version is ${version}, not ${VERSION}`;
  throw new TsbuildError("CONFIG_INVALID", `Cannot read "${path}": ${state}`, {
    hint: version === undefined ? "remove it and run with --lock" : "it was written by another tsbuild",
  });
}

/** The text of a lock: sorted, one entry a line, equal for equal content. */
export function formatLock(sources: LockedSources): string {
  const tables = SECTIONS.flatMap((section) => {
    const entries = Object.entries(sources[section]).toSorted(([a], [b]) => (a < b ? -1 : 1));
    const lines = entries.map(([key, value]) => `${JSON.stringify(key)} = ${JSON.stringify(value)}\n`);
    return lines.length === 0 ? [] : [`\n[${section}]\n${lines.join("")}`];
  });
  return `${HEADER}version = ${VERSION}\n${tables.join("")}`;
}

/** Writes the file as a whole; nothing where it has that content already. */
export function writeLockFile(path: string, sources: LockedSources): void {
  const text = formatLock(sources);
  const temporary = `${path}.tsbuild-${process.pid}`;
  try {
    if (readIfThere(path) === text) return;
    writeFileSync(temporary, text);
    renameSync(temporary, path);
  } catch (cause) {
    rmSync(temporary, { force: true });
    const full = errnoOf(cause) === "ENOSPC";
    throw new TsbuildError(full ? "DISK_FULL" : "USAGE", `Cannot write "${path}": ${messageOf(cause)}`, {
      cause,
    });
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function entryOf(line: string): readonly [string, string] | undefined {
  const [, key, value] = /^("(?:[^"\\]|\\.)*") = ("(?:[^"\\]|\\.)*")$/.exec(line) ?? [];
  if (key === undefined || value === undefined) return undefined;
  try {
    return [JSON.parse(key) as string, JSON.parse(value) as string];
  } catch {
    return undefined;
  }
}

function empty(): Record<string, string> {
  return Object.create(null) as Record<string, string>;
}
