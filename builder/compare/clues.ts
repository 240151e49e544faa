import type { Cause } from "./types.ts";

/** Text around the place where two files first differ. */
export interface Window {
  readonly a: string;
  readonly b: string;
  /** Where in both texts that place is. */
  readonly at: number;
}

interface Clue {
  readonly pattern: RegExp;
  readonly cause: Cause;
}

const TIME_FIX = 'put "ARG SOURCE_DATE_EPOCH" before the RUN: most tools use it instead of the clock';

/** What a place where two builds differ can look like; the first that fits both sides. */
const CLUES: readonly Clue[] = [
  {
    pattern: /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi,
    cause: {
      id: "random-id",
      why: "a random id (UUID) is in it",
      fix: "have the tool make the id out of what it names",
    },
  },
  {
    pattern: /\b(19|20)\d\d([-/.:])[01]?\d\2[0-3]?\d([T ]+[0-2]?\d:[0-5]\d(:[0-5]\d([.,]\d+)?)?)?/g,
    cause: { id: "date", why: "a date is in it", fix: TIME_FIX },
  },
  {
    pattern:
      /\b((Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w*,? +)?((Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w* +[ 0-3]?\d|[0-3]?\d +(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*),?( +(19|20)\d\d)?( +[0-2]?\d:[0-5]\d(:[0-5]\d)?)?( +[A-Z]{3,4})?( +(19|20)\d\d)?/g,
    cause: { id: "date", why: "a date is in it", fix: TIME_FIX },
  },
  {
    pattern: /\b[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?\b/g,
    cause: { id: "time-of-day", why: "a time of day is in it", fix: TIME_FIX },
  },
  {
    pattern: /\b1[5-9]\d{8}(\d{3}|\d{6}|\d{9}|\.\d+)?\b/g,
    cause: { id: "unix-time", why: "a time in seconds since 1970 is in it", fix: TIME_FIX },
  },
  {
    pattern: /\b[0-9a-f]{16,128}\b/gi,
    cause: {
      id: "random-hex",
      why: "a random number or a digest of something else that differs is in it",
      fix: "look at what it is a digest of, or give the tool a fixed seed",
    },
  },
];

/** What the first difference looks like in both. */
export function clueAt({ a, b, at }: Window): Cause | undefined {
  return CLUES.find(({ pattern }) => covers(pattern, a, at) && covers(pattern, b, at))?.cause;
}

/** Whether the texts have the same lines, or the same words, in another order. */
export function reordered(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  return [/\n/, /[\s,;:]+/].some((separator) => {
    const [ours, theirs] = [a, b].map((text) => text.split(separator).sort().join("\n"));
    return ours === theirs && a.split(separator).length > 2;
  });
}

function covers(pattern: RegExp, text: string, at: number): boolean {
  for (const match of text.matchAll(pattern))
    if (match.index <= at && at < match.index + match[0].length) return true;
  return false;
}
