const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"] as const;

/** Bytes as docker prints them: powers of 1000, three digits (`77.8MB`). */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 ? 0 : value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
  return `${Number(value.toFixed(digits))}${UNITS[unit] ?? ""}`;
}

/** A duration in milliseconds as BuildKit prints it: `0.4s`, `75.2s`. */
export function formatSeconds(milliseconds: number): string {
  return `${(Math.max(0, milliseconds) / 1000).toFixed(1)}s`;
}

/** `1.2MB / 3.4MB`, or what is known of it. */
export function formatAmount(current: number, total: number | undefined): string {
  return total === undefined ? formatBytes(current) : `${formatBytes(current)} / ${formatBytes(total)}`;
}
