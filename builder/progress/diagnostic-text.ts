import { codeFrame, type Diagnostic } from "../core/diagnostic.ts";
import { sanitize } from "./sanitize.ts";
import type { Style } from "./types.ts";
import { wrap } from "./wrap.ts";

/** A diagnostic for people: the lines of the Dockerfile, then what is wrong, why, and what to do. */
export function diagnosticText(diagnostic: Diagnostic, style: Style, columns: number): string {
  const { severity, rule, message } = diagnostic;
  const name = severity === "error" ? "" : `${rule}: `;
  return [
    frameText(diagnostic, style, columns),
    sentence(style.bold, `${severity}:`, name + message, columns),
    ...explanation(diagnostic, style, columns),
  ].join("\n");
}

/** The lines of the Dockerfile, those that it is about in colour. */
export function frameText({ source, range, severity }: Diagnostic, style: Style, columns: number): string {
  const paint = severity === "error" ? style.red : style.yellow;
  const lines = codeFrame(source, range, columns).split("\n").map(sanitize);
  return lines.map((line) => (line.includes("| >>> ") ? paint(line) : line)).join("\n");
}

/** Why it is wrong, and what to do: the latter as it is, as it may be a command line to copy. */
export function explanation({ reason, fix }: Diagnostic, style: Style, columns: number): readonly string[] {
  return [
    ...(reason === undefined ? [] : [sentence(style.bold, "why:", reason, columns)]),
    ...(fix === undefined ? [] : [`${style.green("fix:")} ${sanitize(fix)}`]),
  ];
}

/** A sentence behind a painted word, in as many lines as it needs. */
export function sentence(paint: Style["bold"], word: string, text: string, columns: number): string {
  const lines = wrap(`${word} ${sanitize(text)}`, columns).join("\n");
  return paint(word) + lines.slice(word.length);
}
