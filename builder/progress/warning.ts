import type { Diagnostic } from "../core/diagnostic.ts";

/** A warning in one line that editors can jump from: `Dockerfile:3: StageNameCasing: …; write build`. */
export function warningLine(message: string, diagnostic: Diagnostic | undefined): string {
  if (diagnostic === undefined) return message;
  const { source, range, rule, fix } = diagnostic;
  return `${source.name}:${range.start.line + 1}: ${rule}: ${message}${fix === undefined ? "" : `; ${fix}`}`;
}
