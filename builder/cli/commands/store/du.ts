import { formatBytes } from "../../../core/units.ts";
import type { Item, SpaceReport } from "../../../space/types.ts";
import { age } from "../../age.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { table } from "../../table.ts";
import { withStore } from "../../with-tsbuild.ts";

/** `tsbuild du`. */
export const duCommand = command({
  name: "du",
  usage: "du [OPTIONS]",
  summary: "Show what takes space in the store, and why it is kept",
  flags: {
    format: { value: "FORMAT", doc: "Print table or json", default: "table" },
    "no-trunc": { doc: "Show whole ids and descriptions" },
  },
  operands: { min: 0, max: 0, name: "argument" },
  examples: [
    ["tsbuild du", "lists everything, the largest first"],
    ["tsbuild du --format json | jq .reclaimable", "prints how many bytes prune --all would free"],
  ],
  async execute(flags, _operands, session) {
    const { format = "table" } = flags;
    if (format !== "table" && format !== "json")
      throw usageError("du", `Cannot use --format ${format}: it is none of table, json`);
    const report = await withStore(session, (tsbuild) => tsbuild.space());
    session.io.stdout.write(
      format === "json" ? spaceJson(report) : spaceText(report, flags["no-trunc"], Date.now()),
    );
    return 0;
  },
});

/** The report as a table and its sums. */
export function spaceText(report: SpaceReport, whole: boolean, now: number): string {
  const cut = (text: string, length: number): string =>
    whole || text.length <= length ? text : `${text.slice(0, length - 1)}…`;
  const rows = report.items.map((item) => [
    whole ? item.id : item.id.slice(0, 12),
    item.kind,
    formatBytes(item.size),
    age(new Date(item.lastUsed).toISOString(), now),
    cut(reasonOf(item), 32),
    cut(item.description, 60),
  ]);
  const sums = [
    ["Total:", formatBytes(report.total)],
    ["Shared:", formatBytes(report.shared)],
    ["Reclaimable:", formatBytes(report.reclaimable)],
  ];
  const lines = sums.map(([name = "", size]) => `${name.padEnd(14)}${size}\n`).join("");
  return rows.length === 0
    ? lines
    : `${table(["ID", "TYPE", "SIZE", "LAST USED", "KEPT BY", "DESCRIPTION"], rows)}\n${lines}`;
}

function reasonOf({ keptBy, inUse }: Item): string {
  if (keptBy.length > 0) return keptBy.join(", ");
  return inUse ? "a running build" : "-";
}

function spaceJson({ items, ...sums }: SpaceReport): string {
  const dated = items.map((item) => ({
    ...item,
    created: new Date(item.created).toISOString(),
    lastUsed: new Date(item.lastUsed).toISOString(),
  }));
  return `${JSON.stringify({ ...sums, items: dated }, undefined, 2)}\n`;
}
