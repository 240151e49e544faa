import type { ProgressState, ShownStep, ShownTransfer } from "./model.ts";
import { TAIL } from "./model.ts";
import { lineOf } from "./lines.ts";
import { sanitize } from "./sanitize.ts";
import type { Paint, Style } from "./types.ts";
import { formatAmount, formatBytes, formatSeconds } from "../core/units.ts";
import { pad, truncate } from "./width.ts";

export interface FrameOptions {
  readonly title: string;
  readonly width: number;
  /** Rows that there are for it; Infinity at the end, when it scrolls. */
  readonly height: number;
  readonly now: number;
  readonly style: Style;
  /** The last frame: nothing runs any more. */
  readonly final: boolean;
}

/** Room for ` 12345.6s`. */
const TIME_WIDTH = 8;

/** The lines of one frame, none wider than the terminal: a total, then a line for each step and some of what it does. */
export function renderFrame(state: ProgressState, options: FrameOptions): string[] {
  if (state.began === undefined) return [];
  const { title, width, height, now, style } = options;
  const count = state.names.size === 0 ? "" : ` (${state.ended}/${state.names.size})`;
  const finished = options.final ? " FINISHED" : "";
  const total = `[+] ${title} ${formatSeconds(now - state.began)}${count}${finished}`;
  const lines = [style.bold(truncate(total, width))];
  const room = height - 1;
  const steps = fitting(state.steps, room);
  const details = shareRows(steps, room - steps.length);
  for (const [index, step] of steps.entries()) {
    lines.push(stepLine(step, options), ...(details[index] ?? []).map((detail) => detail(options)));
  }
  return lines;
}

/** Where not all steps fit, those that ended first go first; what runs stays. */
function fitting(steps: readonly ShownStep[], room: number): readonly ShownStep[] {
  let surplus = steps.length - room;
  if (surplus <= 0) return steps;
  const kept = steps.filter((step) => step.status === "running" || surplus-- <= 0);
  return kept.slice(0, Math.max(0, room));
}

type Detail = (options: FrameOptions) => string;

/** Divides the rows that are left: every running step gets one before any gets a second; a failed one shows its last words. */
function shareRows(steps: readonly ShownStep[], rows: number): Detail[][] {
  const wanted = steps.map(detailsOf);
  const given = wanted.map(() => 0);
  let left = rows;
  for (
    let round = 0;
    left > 0 && wanted.some((details, index) => details.length > (given[index] ?? 0));
    round++
  ) {
    for (const [index, details] of wanted.entries()) {
      if (left === 0 || details.length <= round) continue;
      given[index] = round + 1;
      left--;
    }
  }
  return wanted.map((details, index) => details.slice(details.length - (given[index] ?? 0)));
}

function detailsOf(step: ShownStep): Detail[] {
  const why = step.why.map(
    (reason): Detail =>
      ({ width, style }) =>
        style.yellow(truncate(` => => why: ${sanitize(reason)}`, width)),
  );
  if (step.status !== "running" && step.status !== "failed") return why;
  const rests = [step.rests.stdout, step.rests.stderr].filter((rest) => rest.length > 0).map(lineOf);
  const tail = [...step.tail, ...rests].slice(-TAIL);
  return [
    ...why,
    ...step.transfers.map(
      (transfer): Detail =>
        (options) =>
          transferLine(transfer, options),
    ),
    ...tail.map(
      (line): Detail =>
        ({ width, style }) =>
          style.dim(truncate(` => => # ${sanitize(line)}`, width)),
    ),
  ];
}

function stepLine(step: ShownStep, options: FrameOptions): string {
  const label = step.status === "running" || step.status === "done" ? "" : `${LABELS[step.status]} `;
  const took = (step.ended ?? options.now) - step.started;
  return withTime(` => ${label}${sanitize(step.name)}`, took, options.width, paintOf(step, options.style));
}

const LABELS = { cached: "CACHED", failed: "ERROR", canceled: "CANCELED" } as const;

function paintOf(step: ShownStep, style: Style): Paint {
  switch (step.status) {
    case "running":
      return (text) => text;
    case "failed":
      return style.red;
    case "canceled":
      return style.yellow;
    case "cached":
    case "done":
      return style.cyan;
  }
}

function transferLine(transfer: ShownTransfer, { width, now, style }: FrameOptions): string {
  const took = now - transfer.started;
  const amount = formatAmount(transfer.current, transfer.total);
  // Of the first moments a rate says nothing.
  const rate = took < 1000 ? "" : ` ${formatBytes((1000 * transfer.current) / took)}/s`;
  return withTime(` => => ${sanitize(transfer.label)} ${amount}${rate}`, took, width, style.dim);
}

/** The time stands at the right edge, so that the eye finds the slow ones. */
function withTime(text: string, milliseconds: number, width: number, paint: Paint): string {
  const left = Math.max(0, width - TIME_WIDTH);
  return paint(
    pad(truncate(text, left), left) + formatSeconds(milliseconds).padStart(Math.min(TIME_WIDTH, width)),
  );
}
