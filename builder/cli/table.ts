/** Docker's lists have columns of so many characters at least (docker/cli formatter, tabwriter). */
export const DOCKER_COLUMN = 10;

/** Rows in columns as docker lays them out: three spaces between, the last column as long as it is. */
export function table(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  least: number = 0,
): string {
  const all = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const lines = all.map((row) =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell.padEnd(Math.max(least, (widths[column] ?? 0) + 3)),
      )
      .join(""),
  );
  return lines.map((line) => `${line}\n`).join("");
}
