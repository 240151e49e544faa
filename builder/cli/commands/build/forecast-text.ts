import { reasonText } from "../../../explain/text.ts";
import { sanitize } from "../../../progress/sanitize.ts";
import { formatBytes } from "../../../core/units.ts";
import type { BuildForecast } from "../../../api/types.ts";

const VERDICTS = { hit: "cached", run: "runs", "may-run": "may run", unneeded: "not needed" } as const;
const WIDTH = Math.max(...Object.values(VERDICTS).map((text) => text.length));

/** What a build would do, for people. */
export function forecastText({ steps, pull, pullAtMost }: BuildForecast, now: number): string {
  const lines = steps.flatMap(({ step, verdict, reasons }) => [
    `${VERDICTS[verdict].padEnd(WIDTH)}  ${sanitize(step)}`,
    ...reasons.map((reason) => `${" ".repeat(WIDTH)}    ${sanitize(reasonText(reason, now))}`),
  ]);
  const count = (verdict: keyof typeof VERDICTS): number =>
    steps.filter((step) => step.verdict === verdict).length;
  const counts = [
    `${count("run")} would run`,
    ...(count("may-run") === 0 ? [] : [`${count("may-run")} may run`]),
    `${count("hit")} cached`,
  ];
  const most = pullAtMost > pull ? `, at most ${formatBytes(pullAtMost)}` : "";
  lines.push("", `${counts.join(", ")}; ${formatBytes(pull)} to pull${most}`);
  return `${lines.join("\n")}\n`;
}
