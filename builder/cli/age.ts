const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MONTH = 30 * DAY;
const YEAR = 365 * DAY;

/** How long ago, in docker's words and with its thresholds: each unit serves until twice the next one. */
export function age(created: string | undefined, now: number): string {
  const then = created === undefined ? Number.NaN : Date.parse(created);
  if (Number.isNaN(then)) return "N/A";
  const seconds = Math.max(0, Math.floor((now - then) / 1000));
  return `${span(seconds)} ago`;
}

/** How long, in the same words. */
export function span(seconds: number): string {
  if (seconds < 1) return "Less than a second";
  if (seconds === 1) return "1 second";
  if (seconds < MINUTE) return `${seconds} seconds`;
  const minutes = Math.floor(seconds / MINUTE);
  if (minutes === 1) return "About a minute";
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.round(seconds / HOUR);
  if (hours === 1) return "About an hour";
  if (hours < 48) return `${hours} hours`;
  if (seconds < 2 * WEEK) return `${Math.floor(seconds / DAY)} days`;
  if (seconds < 2 * MONTH) return `${Math.floor(seconds / WEEK)} weeks`;
  if (seconds < 2 * YEAR) return `${Math.floor(seconds / MONTH)} months`;
  return `${Math.floor(seconds / YEAR)} years`;
}
