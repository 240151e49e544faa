import type { BuildResult } from "../../../api/types.ts";
import { printable } from "../../../core/bytes.ts";
import { shortDigest } from "../../../core/digest.ts";
import { formatBytes, formatSeconds } from "../../../core/units.ts";
import { familiarName } from "../../familiar.ts";
import { sanitize } from "../../../progress/sanitize.ts";
import { widthOf } from "../../../progress/width.ts";

/** Smaller ones nobody asks about. */
const WORTH_NAMING = 1_000_000;
const MOST_STEPS = 5;

/** What is said when a build is over; `took` in milliseconds. */
export function buildSummary(result: BuildResult, took: number, pushed: boolean): string {
  const names = result.names.map(familiarName);
  const image = [...names, ...(result.imageId === undefined ? [] : [shortDigest(result.imageId)])];
  const what = image.length === 0 ? "the result" : image.join(" ");
  const counts = `${result.ran} ${result.ran === 1 ? "step" : "steps"} run, ${result.cached} cached`;
  const destinations = pushed ? names.map((name) => `Pushed ${name}@${result.digest ?? ""}`) : [];
  return [`Built ${what} in ${formatSeconds(took)}: ${counts}`, ...growthLines(result), ...destinations].join(
    "\n",
  );
}

/** What the image grew by: the steps that added something, the largest first, each with its largest files. */
function growthLines({ growth = [] }: BuildResult): readonly string[] {
  const grown = growth.filter(({ size }) => size >= WORTH_NAMING).sort((a, b) => b.size - a.size);
  const rows = grown.slice(0, MOST_STEPS).map(({ step, size, files }) => {
    const large = files.filter((file) => file.size >= WORTH_NAMING);
    const names = large.map((file) => `/${printable(file.path)} ${formatBytes(file.size)}`);
    return [`+${formatBytes(size)}`, sanitize(step), names.join(", ")] as const;
  });
  const rest = grown.slice(MOST_STEPS);
  const left = Math.max(0, ...rows.map(([size]) => widthOf(size)));
  const lines = rows.flatMap(([size, step, names]) => [
    `  ${size.padStart(left)}  ${step}`,
    ...(names === "" ? [] : [`  ${" ".repeat(left)}    ${names}`]),
  ]);
  if (rest.length === 0) return lines;
  const sum = rest.reduce((total, { size }) => total + size, 0);
  return [...lines, `  and ${rest.length} more that add ${formatBytes(sum)}`];
}
