import { shortDigest } from "../../../core/digest.ts";
import { formatBytes } from "../../../core/units.ts";
import { sanitize } from "../../../progress/sanitize.ts";
import type { HistoryStep } from "../../../api/image-types.ts";
import { age } from "../../age.ts";
import { command } from "../../command.ts";
import { table } from "../../table.ts";
import { onePlatform, outputFormat } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";

/** As much of a step as `docker history` shows. */
const CREATED_BY = 45;

/** `tsbuild history`. */
export const historyCommand = command({
  name: "history",
  usage: "history [OPTIONS] IMAGE",
  summary: "Show how an image was made, step by step",
  flags: {
    "no-trunc": { doc: "Show whole steps and digests" },
    quiet: { short: "q", doc: "Print the digests of the layers and nothing else" },
    format: { value: "FORMAT", doc: "Print text or json", default: "text" },
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
    const format = outputFormat("history", flags.format);
    const steps = await withStore(session, (tsbuild) => tsbuild.history(reference, platform));
    const full = flags["no-trunc"];
    const layer = ({ layer: id }: HistoryStep): string =>
      id === undefined ? "<none>" : full ? id : shortDigest(id);
    if (format === "json") session.io.stdout.write(`${JSON.stringify(steps, undefined, 2)}\n`);
    else if (flags.quiet) session.io.stdout.write(steps.map((step) => `${layer(step)}\n`).join(""));
    else session.io.stdout.write(historyTable(steps, layer, full, Date.now()));
    return 0;
  },
});

function historyTable(
  steps: readonly HistoryStep[],
  layer: (step: HistoryStep) => string,
  full: boolean,
  now: number,
): string {
  const rows = steps.map((step) => {
    const text = sanitize(step.createdBy).replace(/\s+/g, " ");
    const short = full || text.length <= CREATED_BY ? text : `${text.slice(0, CREATED_BY - 1)}…`;
    const comment = sanitize(step.comment).replace(/\s+/g, " ");
    return [layer(step), age(step.created, now), short, formatBytes(step.size), comment];
  });
  return table(["LAYER", "CREATED", "CREATED BY", "SIZE", "COMMENT"], rows);
}
