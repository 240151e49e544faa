import { escapeHtml } from "./escape.ts";
import type { ReportedStep } from "./types.ts";

const COLUMN = 150;
const ROW = 44;
const BOX = { width: 122, height: 28 };
/** Room for the names of stages at the left. */
const LEFT = 12;
const LABEL = 15;

interface Place {
  readonly x: number;
  readonly y: number;
}

/**
 * The graph as SVG: a lane for each stage, steps from left to right after all that they work upon. Each box is a link to
 * its step further down.
 */
export function graphSvg(steps: readonly ReportedStep[], critical: readonly number[]): string {
  const depths = depthsOf(steps);
  const { places, lanes, height } = placesOf(steps, depths);
  const width = LEFT * 2 + (Math.max(0, ...depths) + 1) * COLUMN;
  const edges = steps.flatMap((step, to) =>
    step.inputs.map((from) => {
      const at = critical.indexOf(to);
      return edge(places[from], places[to], at > 0 && critical[at - 1] === from);
    }),
  );
  const labels = lanes.map(
    ({ name, y }) => `<text class="lane" x="${LEFT}" y="${y}">${escapeHtml(name)}</text>`,
  );
  const boxes = steps.map((step, index) =>
    box(step, index, places[index] ?? { x: 0, y: 0 }, critical.includes(index)),
  );
  return `<svg class="graph" role="img" aria-label="The steps and what they work upon" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${[...labels, ...edges, ...boxes].join("")}</svg>`;
}

/** How many steps lie before each one at most; inputs come before users. */
function depthsOf(steps: readonly ReportedStep[]): readonly number[] {
  const depths: number[] = [];
  for (const { inputs } of steps)
    depths.push(Math.max(-1, ...inputs.map((input) => depths[input] ?? -1)) + 1);
  return depths;
}

function placesOf(
  steps: readonly ReportedStep[],
  depths: readonly number[],
): {
  readonly places: readonly Place[];
  readonly lanes: readonly { readonly name: string; readonly y: number }[];
  readonly height: number;
} {
  const places: Place[] = [];
  const lanes: { name: string; y: number }[] = [];
  let y = 0;
  for (const stage of new Set(steps.map((step) => step.stage))) {
    lanes.push({ name: stage === "" ? "contexts" : stage, y: y + LABEL - 3 });
    const taken = new Map<number, number>();
    for (const [index, step] of steps.entries()) {
      if (step.stage !== stage) continue;
      const depth = depths[index] ?? 0;
      const row = taken.get(depth) ?? 0;
      taken.set(depth, row + 1);
      places[index] = { x: LEFT + depth * COLUMN, y: y + LABEL + row * ROW };
    }
    y += LABEL + Math.max(1, ...taken.values()) * ROW;
  }
  return { places, lanes, height: y + 4 };
}

function edge(from: Place | undefined, to: Place | undefined, isCritical: boolean): string {
  if (from === undefined || to === undefined) return "";
  const [x1, y1, x2, y2] = [from.x + BOX.width, from.y + BOX.height / 2, to.x, to.y + BOX.height / 2];
  const bend = Math.max(20, (x2 - x1) / 2);
  return `<path class="edge${isCritical ? " critical" : ""}" d="M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}"/>`;
}

function box(step: ReportedStep, index: number, { x, y }: Place, isCritical: boolean): string {
  const text = step.name.replace(/^\[[^\]]*\] /, "");
  const short = [...text].length > 16 ? `${[...text].slice(0, 15).join("")}…` : text;
  return (
    `<a href="#step-${index}"><g class="box ${step.state}${isCritical ? " critical" : ""}"><title>${escapeHtml(step.name)}</title>` +
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="5"/>` +
    `<text x="${x + 7}" y="${y + 18}">${escapeHtml(short)}</text></g></a>`
  );
}
