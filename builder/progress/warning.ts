import type { Diagnostic } from "../core/diagnostic.ts";

/** A warning in one line, with the place that it is about: `StageNameCasing: … (Dockerfile:3)`. */
export function warningLine(message: string, diagnostic: Diagnostic | undefined): string {
  if (diagnostic === undefined) return message;
  return `${diagnostic.rule}: ${message} (${diagnostic.source.name}:${diagnostic.range.start.line + 1})`;
}
