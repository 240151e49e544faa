import { loadStyle } from "../../progress/style.ts";
import type { Style } from "../../progress/types.ts";
import type { Finding } from "../../api/types.ts";
import { command } from "../command.ts";
import { withStore } from "../with-tsbuild.ts";

/** `tsbuild doctor`. */
export const doctorCommand = command({
  name: "doctor",
  usage: "doctor [OPTIONS]",
  summary: "Say what this machine offers to builds, and how to get more",
  flags: { json: { doc: "Print JSON" } },
  operands: { min: 0, max: 0, name: "" },
  examples: [
    ["tsbuild doctor", "checks this machine; the status is 1 where something keeps builds from working"],
  ],
  async execute(flags, _operands, session) {
    const { stdout, env } = session.io;
    const findings = await withStore(session, (tsbuild) => tsbuild.doctor());
    if (flags.json) stdout.write(`${JSON.stringify(findings, undefined, 2)}\n`);
    else stdout.write(report(findings, await loadStyle(env, stdout.isTTY)));
    return findings.some((finding) => finding.level === "problem") ? 1 : 0;
  },
});

/** The findings for people: a line each, and under it what would make it better. */
export function report(findings: readonly Finding[], style: Style): string {
  const marks = {
    ok: style.green("ok      "),
    note: style.yellow("note    "),
    problem: style.red("problem "),
  };
  const width = Math.max(0, ...findings.map((finding) => finding.subject.length));
  const lines = findings.flatMap(({ level, subject, message, fix }) => [
    `${marks[level]} ${style.bold(subject.padEnd(width))}  ${message}`,
    ...(fix === undefined ? [] : [`${" ".repeat(width + 11)}fix: ${fix}`]),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
