import { createHash } from "node:crypto";
import { printable } from "../core/bytes.ts";
import { formatBytes, formatSeconds } from "../core/units.ts";
import { criticalPath } from "./critical-path.ts";
import { escapeHtml } from "./escape.ts";
import { graphSvg } from "./graph.ts";
import { SCRIPT, STYLE } from "./page-parts.ts";
import { timelineHtml } from "./timeline.ts";
import type { Report, ReportedStep } from "./types.ts";

/** The report as one page that loads nothing, and may not: its own policy forbids all but its own style and script. */
export function reportPage(report: Report): string {
  const path = criticalPath(report.steps);
  const critical = new Set(path);
  const hash = createHash("sha256").update(SCRIPT).digest("base64");
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'`;
  const { title, failure } = report;
  const state =
    failure === undefined ? '<span class="state ok">built</span>' : '<span class="state bad">failed</span>';
  return [
    "<!doctype html>",
    '<html lang="en"><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width,initial-scale=1">',
    `<title>${escapeHtml(title)}</title><style>${STYLE}</style></head><body>`,
    `<h1>${escapeHtml(title)}${state}</h1>`,
    factsHtml(report, critical),
    failure === undefined ? "" : `<pre class="failure">${escapeHtml(failure)}</pre>`,
    listHtml("Warnings", report.warnings),
    `<h2>Steps</h2><div class="scroll">${graphSvg(report.steps, path)}</div>`,
    LEGEND,
    `<h2>Time</h2>${timelineHtml(report, critical)}`,
    growthHtml(report.steps),
    `<h2>Each step</h2>${report.steps.map(stepHtml).join("\n")}`,
    `<script>${SCRIPT}</script></body></html>`,
    "",
  ].join("\n");
}

const LEGEND =
  '<p class="legend"><i style="background:var(--amber)"></i>critical path: to make anything else faster makes the build no faster' +
  '<i style="background:var(--green)"></i>ran<i style="background:var(--blue)"></i>cached<i style="background:var(--red)"></i>failed</p>';

function factsHtml({ facts, steps, started, ended }: Report, critical: ReadonlySet<number>): string {
  const waited = [...critical].reduce((sum, index) => sum + tookOf(steps[index]), 0);
  const count = (state: ReportedStep["state"]): number => steps.filter((step) => step.state === state).length;
  const all = [
    ...facts,
    ["Began", new Date(started).toISOString()],
    ["Took", `${formatSeconds(ended - started)}, of which ${formatSeconds(waited)} on the critical path`],
    ["Steps", `${count("done")} run, ${count("cached")} cached, ${count("failed")} failed`],
  ] as const;
  const rows = all.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd>${escapeHtml(value)}</dd>`);
  return `<dl>${rows.join("")}</dl>`;
}

function listHtml(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return "";
  return `<h2>${title}</h2><ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join("")}</ul>`;
}

function growthHtml(steps: readonly ReportedStep[]): string {
  const grown = steps.flatMap(({ growth }) => growth ?? []).filter(({ size }) => size > 0);
  if (grown.length === 0) return "";
  const rows = grown
    .toSorted((a, b) => b.size - a.size)
    .map(({ step, size, files }) => {
      const names = files.map((file) => `/${printable(file.path)} ${formatBytes(file.size)}`).join(", ");
      return `<tr><td>+${formatBytes(size)}</td><td><code>${escapeHtml(step)}</code></td><td>${escapeHtml(names)}</td></tr>`;
    });
  return `<h2>What the image grew by</h2><div class="scroll"><table>${rows.join("")}</table></div>`;
}

function stepHtml(step: ReportedStep, index: number): string {
  const { state, why, log, logCut, name } = step;
  const took = step.started === undefined || state === "cached" ? "" : ` ${formatSeconds(tookOf(step))}`;
  const cut = logCut === 0 ? "" : `${formatBytes(logCut)} before this are left out: tsbuild logs has them\n`;
  const parts = [
    why.length === 0
      ? ""
      : `<p>It ran because:</p><ul>${why.map((reason) => `<li>${escapeHtml(reason)}</li>`).join("")}</ul>`,
    log === "" ? "<p>It wrote nothing.</p>" : `<pre>${cut}${escapeHtml(lastWritten(log))}</pre>`,
  ];
  const open = state === "failed" ? " open" : "";
  return `<details id="step-${index}"${open}><summary><span class="mark ${state}">${state}${took}</span><code>${escapeHtml(name)}</code></summary>${parts.join("")}</details>`;
}

/** As a terminal would show it: of what a line was overwritten with, the last. */
function lastWritten(log: string): string {
  return log.replace(/\r\n/g, "\n").replace(/^[^\n]*\r(?=[^\n])/gm, "");
}

function tookOf(step: ReportedStep | undefined): number {
  return step?.started === undefined || step.ended === undefined ? 0 : step.ended - step.started;
}
