import { parseExecForm } from "../exec-form.ts";
import type { Span } from "../span.ts";
import type { Command } from "../types.ts";
import type { Scope } from "./scope.ts";

/** The exec or the shell form; undefined where it is neither, which is reported. */
export function readCommand(scope: Scope, span: Span): Command | undefined {
  const exec = parseExecForm(span);
  if (exec.form === "json") return { form: "exec", argv: exec.values };
  if (exec.form === "invalid") {
    reportNotStrings(scope, span);
    return undefined;
  }
  if (exec.meant) reportNoJson(scope, span, "the shell gets them as they are", "executable", "argument");
  return { form: "shell", text: span.text };
}

/** Warns of what was meant as a JSON array and is none. */
export function reportNoJson(scope: Scope, span: Span, instead: string, ...example: readonly string[]): void {
  scope.report({
    severity: "warning",
    rule: "InvalidJSONArgs",
    message: `The arguments of ${scope.keyword} look like JSON but are not: ${instead}`,
    span,
    reason: "this form must be one JSON array with double quotes and no comma at its end",
    fix: `write for example ${scope.keyword} ["${example.join('", "')}"]`,
  });
}

/** Reports a JSON array with elements that are not strings. */
export function reportNotStrings(scope: Scope, span: Span): void {
  scope.report({
    rule: "InvalidJSONArgs",
    message: `The JSON array of ${scope.keyword} has elements that are not strings`,
    span,
    fix: "put each element in double quotes",
  });
}
