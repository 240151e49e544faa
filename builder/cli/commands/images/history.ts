import { shortDigest } from "../../../core/digest.ts";
import { formatBytes } from "../../../core/units.ts";
import { sanitize } from "../../../progress/sanitize.ts";
import { truncate } from "../../../progress/width.ts";
import type { HistoryStep } from "../../../api/image-types.ts";
import { age } from "../../age.ts";
import { command } from "../../command.ts";
import { formatRows } from "../../format-rows.ts";
import { table } from "../../table.ts";
import { onePlatform, outputFormat } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";

/** As much of a step as `docker history` shows. */
const CREATED_BY = 45;

/** Less of it says nothing. */
const LEAST = 20;

/** `tsbuild history`. */
export const historyCommand = command({
  name: "history",
  usage: "history [OPTIONS] IMAGE",
  summary: "Show how an image was made, step by step",
  flags: {
    "no-trunc": { doc: "Show whole steps and digests" },
    quiet: { short: "q", doc: "Print the digests of the layers and nothing else" },
    format: { value: "FORMAT", doc: "Print text, json, or a template like {{.CreatedBy}}", default: "text" },
    platform: { value: "OS/ARCH", doc: "Show the image for this platform", default: "this machine's" },
  },
  missing: { "human|H": "--format json has plain numbers" },
  operands: { min: 1, max: 1, name: "IMAGE" },
  examples: [
    ["tsbuild history app", "shows each step and what it added to the image"],
    ["tsbuild history --format json app | jq 'map(.size) | add'", "adds the sizes of all layers"],
  ],
  async execute(flags, [reference = ""], session) {
    const platform = onePlatform(flags.platform);
    const template = flags.format?.includes("{{") === true ? flags.format : undefined;
    const format = outputFormat("history", template === undefined ? flags.format : undefined);
    const steps = await withStore(session, (tsbuild) => tsbuild.history(reference, platform));
    const full = flags["no-trunc"];
    const now = Date.now();
    const rows = steps.map((step) => {
      const id = step.layer === undefined ? "<none>" : full ? step.layer : shortDigest(step.layer);
      return rowOf(step, id, full, now);
    });
    const { stdout } = session.io;
    if (format === "json") stdout.write(`${JSON.stringify(steps, undefined, 2)}\n`);
    else if (flags.quiet) stdout.write(rows.map(({ ID }) => `${ID}\n`).join(""));
    else if (template === undefined)
      stdout.write(fitted(rows, full || !stdout.isTTY ? Infinity : stdout.columns));
    else stdout.write(formatRows("history", template, rows, { header: TITLES, columns: "" }));
    return 0;
  },
});

interface Row {
  readonly ID: string;
  readonly CreatedAt: string;
  readonly CreatedSince: string;
  readonly CreatedBy: string;
  readonly Size: string;
  readonly Comment: string;
}

const TITLES: Row = {
  ID: "LAYER",
  CreatedAt: "CREATED AT",
  CreatedSince: "CREATED",
  CreatedBy: "CREATED BY",
  Size: "SIZE",
  Comment: "COMMENT",
};

/** What `docker history` has fields for. */
function rowOf(step: HistoryStep, id: string, full: boolean, now: number): Row {
  const text = sanitize(step.createdBy).replace(/\s+/g, " ");
  return {
    ID: id,
    CreatedAt: step.created ?? "",
    CreatedSince: age(step.created, now),
    CreatedBy: full || text.length <= CREATED_BY ? text : `${text.slice(0, CREATED_BY - 1)}…`,
    Size: formatBytes(step.size),
    Comment: sanitize(step.comment).replace(/\s+/g, " "),
  };
}

/** The table; where it is wider than the terminal it has no comments, and as much of each step as there is room for. */
function fitted(rows: readonly Row[], columns: number): string {
  const lines = [TITLES, ...rows];
  const widthOf = (name: keyof Row): number => Math.max(...lines.map((row) => row[name].length));
  const others = widthOf("ID") + widthOf("CreatedSince") + widthOf("Size") + 9;
  if (others + widthOf("CreatedBy") + widthOf("Comment") + 3 <= columns)
    return table(cells(TITLES), rows.map(cells));
  const room = Math.max(LEAST, columns - others);
  const cut = rows.map((row) => ({ ...row, CreatedBy: truncate(row.CreatedBy, room) }));
  const [titles = [], ...body] = [TITLES, ...cut].map((row) => cells(row).slice(0, -1));
  return table(titles, body);
}

function cells({ ID, CreatedSince, CreatedBy, Size, Comment }: Row): string[] {
  return [ID, CreatedSince, CreatedBy, Size, Comment];
}
