import { usageError } from "./flags.ts";

/** As docker reads sizes (go-units RAMInBytes): powers of 1024, whatever the letters. */
const SIZE = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i;
/** As Go reads durations, and days and weeks. */
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/gy;
const MILLISECONDS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Bytes: `512MB`, `10GB`, `1.5g`. */
export function parseSize(command: string, flag: string, text: string): number {
  const [, number = "", unit = ""] = SIZE.exec(text.trim()) ?? [];
  if (number !== "") return Math.floor(Number(number) * 1024 ** " kmgtp".indexOf(unit.toLowerCase() || " "));
  throw usageError(command, `Cannot use ${flag} ${text}: it is no size`, "write a size, as in 512MB or 10GB");
}

/** Milliseconds: `24h`, `1h30m`, `7d`. */
export function parseAge(command: string, flag: string, text: string): number {
  let sum = 0;
  let end = 0;
  for (const match of text.matchAll(PART)) {
    sum += Number(match[1]) * (MILLISECONDS[match[2] ?? ""] ?? 0);
    end = match.index + match[0].length;
  }
  if (text !== "" && end === text.length) return sum;
  throw usageError(
    command,
    `Cannot use ${flag}${flag.endsWith("=") ? "" : " "}${text}: it is no duration`,
    "write a duration, as in 30m, 24h or 7d",
  );
}
