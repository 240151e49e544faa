import { cpus, totalmem } from "node:os";
import { readFileSync } from "node:fs";
import type { Sample } from "./measure.ts";
import type { Row } from "./row.ts";

/** All that a run of the benchmark found. */
export interface Report {
  readonly date: string;
  readonly machine: string;
  readonly versions: readonly string[];
  readonly rows: readonly Row[];
  /** What was not measured, and why. */
  readonly missing: readonly string[];
}

/** What it was measured on. */
export function machine(): string {
  const [first] = cpus();
  const kernel = readFileSync("/proc/sys/kernel/osrelease", "utf8").trim();
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`;
  return `${cpus().length} × ${first?.model.trim() ?? "an unknown processor"}, ${memory}, Linux ${kernel}, Node ${process.versions.node}`;
}

/** The rows for people; as a table of Markdown too. */
export function table({ rows, versions, missing, machine: on, date }: Report, markdown: boolean): string {
  const head = ["work", "tsbuild", "floor", "which is", "measured", "budget", ...peerNames(rows)];
  const lines = rows.map((row) => [
    row.name,
    row.unit === "MB" ? `${(row.ours.median / 1000).toFixed(1)} s` : milliseconds(row.ours),
    row.floorMs === undefined ? "–" : `${row.floorMs.median.toFixed(0)} ms`,
    row.floor,
    `${row.ratio.toFixed(row.unit === "×" ? 2 : 0)} ${row.unit}`,
    `${row.budget} ${row.unit}`,
    ...peerNames(rows).map((name) => {
      const peer = row.peers.find((one) => one.name === name);
      return peer === undefined ? "–" : `${peer.sample.median.toFixed(0)} ms (${peer.times.toFixed(1)} ×)`;
    }),
  ]);
  const notes = [
    ...rows.flatMap((row) => (row.note === undefined ? [] : [`${row.name}: ${row.note}`])),
    ...missing.map((why) => `not measured: ${why}`),
    ...(peerNames(rows).length === 0
      ? []
      : [`in brackets: the other's time for a time of tsbuild's (${versions.join(", ")})`]),
    `${date}, ${on}`,
  ];
  const body = markdown ? markdownTable(head, lines) : plainTable(head, lines);
  return `${body}\n\n${notes.map((note) => (markdown ? `- ${note}` : note)).join("\n")}\n`;
}

function milliseconds({ median, min, max }: Sample): string {
  return `${median.toFixed(0)} ms (${min.toFixed(0)}–${max.toFixed(0)})`;
}

function peerNames(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => row.peers.map(({ name }) => name)))];
}

function plainTable(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)),
  );
  const text = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd();
  return [head, ...lines].map(text).join("\n");
}

function markdownTable(head: readonly string[], lines: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}
