import { formatBytes, formatSeconds } from "../core/units.ts";
import { escapeHtml } from "./escape.ts";
import type { Report } from "./types.ts";

const TICKS = 5;

interface Bar {
  readonly name: string;
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  readonly link?: string;
  readonly note: string;
}

/** What ran when, as bars over one axis; cached steps take no time and have none. */
export function timelineHtml(report: Report, critical: ReadonlySet<number>): string {
  const { started, ended } = report;
  const span = Math.max(1, ended - started);
  const bars = barsOf(report, critical).sort((a, b) => a.from - b.from);
  const percent = (time: number): string => ((100 * (time - started)) / span).toFixed(3);
  const rows = bars.map(({ name, kind, from, to, link, note }) => {
    const label = link === undefined ? escapeHtml(name) : `<a href="#${link}">${escapeHtml(name)}</a>`;
    const place = `left:${percent(from)}%;width:max(2px,${((100 * (to - from)) / span).toFixed(3)}%)`;
    return `<div class="row"><div class="name">${label}</div><div class="track"><div class="bar ${kind}" style="${place}" title="${escapeHtml(`${name}: ${note}`)}"></div></div><div class="took">${escapeHtml(note)}</div></div>`;
  });
  const ticks = Array.from({ length: TICKS + 1 }, (_, index) => {
    const place = (100 * index) / TICKS;
    return `<span style="left:${place}%">${formatSeconds((span * index) / TICKS)}</span>`;
  });
  return `<div class="timeline">${rows.join("")}<div class="row axis"><div class="name"></div><div class="track">${ticks.join("")}</div><div class="took"></div></div></div>`;
}

function barsOf({ steps, work, ended }: Report, critical: ReadonlySet<number>): Bar[] {
  const ofSteps = steps.flatMap((step, index): Bar[] => {
    if (step.started === undefined || step.state === "cached") return [];
    const to = step.ended ?? ended;
    const kind = `${step.state}${critical.has(index) ? " critical" : ""}`;
    return [
      {
        name: step.name,
        kind,
        from: step.started,
        to,
        link: `step-${index}`,
        note: formatSeconds(to - step.started),
      },
    ];
  });
  const ofWork = work.map((one): Bar => {
    const to = one.ended ?? ended;
    const took = formatSeconds(to - one.started);
    const note = one.bytes === undefined ? took : `${formatBytes(one.bytes)} ${took}`;
    return { name: one.name, kind: one.failed ? "failed" : "work", from: one.started, to, note };
  });
  return [...ofSteps, ...ofWork];
}
