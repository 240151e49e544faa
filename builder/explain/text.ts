import { unreachable } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import type { FileChange, ImageName, Reason } from "./types.ts";

/** So many files are named; how many there are beside them is said. */
const NAMED_FILES = 3;
/** Longer values are cut: they are told of to be recognised. */
const MAX_VALUE = 120;

/** A reason in words. */
export function reasonText(reason: Reason, now: number): string {
  return redact(wordsOf(reason, now));
}

function wordsOf(reason: Reason, now: number): string {
  switch (reason.why) {
    case "no-cache":
      return `the cache was not asked: ${reason.stage === undefined ? "--no-cache" : `--no-cache-filter ${reason.stage}`}`;
    case "expired":
      return `its record is too old: made ${ago(reason.created, now)}, --cache-ttl allows less`;
    case "layers-gone":
      return "the layers of its record are gone from the store";
    case "no-record":
      return reason.pruned === undefined
        ? "no record: it was removed from the store"
        : `no record: pruned ${ago(reason.pruned, now)}`;
    case "failed-before":
      return "it failed in the build before";
    case "stopped-before":
      return "it was stopped in the build before";
    case "not-reached-before":
      return "the build before did not get as far as this";
    case "new":
      return "never built here: the instruction is new";
    case "first-build":
      return "never built here";
    case "no-key":
      return "it cannot be cached: what it works upon has no key";
    case "instruction":
      return reason.before === reason.after
        ? "instruction changed"
        : `instruction changed: ${cut(reason.before)} → ${cut(reason.after)}`;
    case "setting":
      return `${reason.name}: ${valueText(reason.before)} → ${valueText(reason.after)}`;
    case "base-image":
      return `base image: ${imageText(reason.before, reason.after)}`;
    case "files":
      return filesText(reason.changes, reason.more);
    case "content":
      return "the files that it takes changed";
    case "input":
      return reason.before === undefined
        ? `its input changed: ${cut(reason.step)}`
        : `its input changed: ${cut(reason.before)} is gone, now ${cut(reason.step)}`;
    case "input-renewed":
      return `its input was made anew: ${cut(reason.step)}`;
    case "input-runs":
      return `its input runs: ${cut(reason.step)}`;
    case "other-version":
      return "another version of tsbuild made the last result";
    default:
      return unreachable(reason);
  }
}

function filesText(changes: readonly FileChange[], more: number): string {
  const named = changes.slice(0, NAMED_FILES).map(changeText);
  const others = changes.length - named.length + more;
  return [...named, ...(others > 0 ? [`+${others} more`] : [])].join("; ");
}

function changeText({ path, what, before, after }: FileChange): string {
  switch (what) {
    case "added":
    case "removed":
      return `${path} ${what}`;
    case "content":
      return `${path} content changed`;
    case "attributes":
      return `${path} extended attributes changed`;
    case "mode":
    case "owner":
    case "type":
    case "link":
      return `${path} ${what} ${before} → ${after}`;
    default:
      return unreachable(what);
  }
}

/** The same name with another digest, or another name. */
function imageText(before: ImageName, after: ImageName): string {
  if (before.reference !== after.reference) return `${before.reference} → ${after.reference}`;
  return `${after.reference} ${short(before.digest)} → ${short(after.digest)}`;
}

function short(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

function valueText(value: string | undefined): string {
  if (value === undefined) return "not set";
  return value === "" ? '""' : cut(value);
}

function cut(text: string): string {
  const line = text.replace(/\s+/g, " ");
  return line.length > MAX_VALUE ? `${line.slice(0, MAX_VALUE)}…` : line;
}

const UNITS = [
  [86_400_000, "d"],
  [3_600_000, "h"],
  [60_000, "min"],
  [1000, "s"],
] as const;

/** `2 h ago`. */
export function ago(then: number, now: number): string {
  const passed = Math.max(0, now - then);
  for (const [size, unit] of UNITS) if (passed >= size) return `${Math.floor(passed / size)} ${unit} ago`;
  return "just now";
}
