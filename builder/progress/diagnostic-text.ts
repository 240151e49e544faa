import { codeFrame, type Diagnostic } from "../core/diagnostic.ts";
import { sanitize } from "./sanitize.ts";
import type { Style } from "./types.ts";

/**
 * A diagnostic for people: the lines of the Dockerfile, then what is wrong, why, and what to do. `heading` is false where
 * the message stands elsewhere.
 */
export function diagnosticText(diagnostic: Diagnostic, style: Style, heading: boolean): string {
  const { severity, rule, message, reason, fix } = diagnostic;
  const paint = severity === "error" ? style.red : style.yellow;
  const frame = codeFrame(diagnostic.source, diagnostic.range).split("\n").map(sanitize);
  const name = severity === "error" ? "" : `${rule}: `;
  return [
    ...frame.map((line) => (line.includes("| >>> ") ? paint(line) : line)),
    ...(heading ? [`${style.bold(`${severity}:`)} ${name}${sanitize(message)}`] : []),
    ...(reason === undefined ? [] : [`${style.bold("why:")} ${sanitize(reason)}`]),
    ...(fix === undefined ? [] : [`${style.green("fix:")} ${sanitize(fix)}`]),
  ].join("\n");
}
