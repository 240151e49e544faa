import { parseDuration } from "../dockerfile/duration.ts";
import { usageError } from "./flags.ts";

const SECONDS = /^(\d{1,11})(?:\.(\d{1,9}))?$/;
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/**
 * A point in time as docker's --since takes it, in milliseconds since 1970: a duration before now, seconds since 1970, or
 * a date with as much of a time as is known, local where no zone is named.
 */
export function parseInstant(
  command: string,
  flag: string,
  text: string | undefined,
  now: number,
): number | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  if (duration !== undefined) return now - duration / 1e6;
  if (SECONDS.test(text)) return Number(text) * 1000;
  const [match, zone] = DATE.exec(text) ?? [];
  const time = match === undefined ? Number.NaN : Date.parse(withTime(match, zone ?? ""));
  if (!Number.isNaN(time)) return time;
  throw usageError(
    command,
    `Cannot use ${flag} ${text}: it is no time`,
    "write 10m, 2026-01-02T15:04:05, or seconds since 1970",
  );
}

/** Dates alone are UTC for Date.parse, and times need minutes. */
function withTime(text: string, zone: string): string {
  const [date = "", time = "00:00"] = text.slice(0, text.length - zone.length).split("T");
  return `${date}T${time.includes(":") ? time : `${time}:00`}${zone}`;
}
