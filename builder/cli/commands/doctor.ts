import { loadStyle } from "../../progress/style.ts";
import type { Style } from "../../progress/types.ts";
import { wrap } from "../../progress/wrap.ts";
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
    else {
      const columns = stdout.isTTY ? stdout.columns : Infinity;
      stdout.write(report(findings, await loadStyle(env, stdout.isTTY), columns));
    }
    return findings.some((finding) => finding.level === "problem") ? 1 : 0;
  },
});

/** The findings for people, each with what would make it better under it: as it is, as it may be there to be copied. */
export function report(findings: readonly Finding[], style: Style, columns: number): string {
  const marks = {
    ok: style.green("ok      "),
    note: style.yellow("note    "),
    problem: style.red("problem "),
  };
  const width = Math.max(0, ...findings.map((finding) => finding.subject.length));
  const indent = " ".repeat(width + 11);
  const lines = findings.flatMap(({ level, subject, message, fix }) => [
    `${marks[level]} ${style.bold(subject.padEnd(width))}  ${wrap(message, columns - indent.length).join(`\n${indent}`)}`,
    ...(fix === undefined ? [] : [`${indent}fix: ${fix}`]),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
