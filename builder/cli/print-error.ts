import { inspect } from "node:util";
import type { Diagnostic } from "../core/diagnostic.ts";
import { errnoOf, TsbuildError } from "../core/errors.ts";
import { redact } from "../core/redact.ts";
import { diagnosticText, explanation, frameText, sentence } from "../progress/diagnostic-text.ts";
import { sanitize } from "../progress/sanitize.ts";
import { loadStyle } from "../progress/style.ts";
import type { Style } from "../progress/types.ts";
import type { Session } from "./types.ts";

/** Prints an error to standard error; --debug adds where in the program it comes from. */
export async function printError(
  error: unknown,
  { io, debug, rawJson }: Pick<Session, "io" | "debug" | "rawJson">,
): Promise<void> {
  if (rawJson) {
    const { errorLine } = await import("../progress/rawjson.ts");
    io.stderr.write(errorLine(error, Date.now()));
    return;
  }
  const style = await loadStyle(io.env, io.stderr.isTTY);
  const columns = io.stderr.isTTY ? io.stderr.columns : Infinity;
  io.stderr.write(errorText(error, style, debug, columns));
}

/**
 * An error as an explanation: what the failed command last said, the lines of the Dockerfile with the reason and a fix,
 * and last, where eyes are, one sentence with what to do.
 */
export function errorText(error: unknown, style: Style, debug: boolean, columns: number): string {
  const known = error instanceof TsbuildError ? error : unexpected(error);
  const parts: string[] = [];
  /** What the sentence says already stands above it with its lines alone. */
  const said = (diagnostic: Diagnostic): boolean => known.message.includes(diagnostic.message);
  if (known.output.length > 0) {
    parts.push(["-----", ...known.output.map((line) => ` > ${sanitize(line)}`), "-----"].join("\n"));
  }
  for (const diagnostic of known.diagnostics) {
    const text = said(diagnostic) ? frameText : diagnosticText;
    parts.push(text(diagnostic, style, columns));
  }
  const message = [
    sentence((text) => style.red(style.bold(text)), "error:", known.message, columns),
    ...known.diagnostics.filter(said).flatMap((diagnostic) => explanation(diagnostic, style, columns)),
  ];
  if (known.exitCode !== undefined && !/\d/.test(known.message)) message.push(`exit code: ${known.exitCode}`);
  for (const hint of known.hint?.split("\n") ?? []) message.push(`${style.green("hint:")} ${sanitize(hint)}`);
  parts.push(message.join("\n"));
  if (debug) parts.push(redact(inspect(error)).split("\n").map(sanitize).join("\n"));
  return `${parts.join("\n\n")}\n`;
}

function unexpected(error: unknown): TsbuildError {
  if (errnoOf(error) === "ENOSPC") {
    return new TsbuildError("DISK_FULL", "Cannot write: no space is left on the device", {
      hint: "make room there, or point TSBUILD_ROOT at another disk",
      cause: error,
    });
  }
  return new TsbuildError(
    "INTERNAL",
    `Cannot go on: ${error instanceof Error ? error.message : String(error)}`,
    {
      hint: "this is a bug in tsbuild; --debug shows where",
      cause: error,
    },
  );
}
