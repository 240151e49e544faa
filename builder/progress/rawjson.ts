import type { Diagnostic } from "../core/diagnostic.ts";
import { TsbuildError } from "../core/errors.ts";
import type { BuildEvent } from "../core/events.ts";
import { redact } from "../core/redact.ts";
import type { Progress, Screen } from "./types.ts";

/** The version of what docs/progress-rawjson.md describes: it grows where a reader of the one before would go wrong. */
const FORMAT = 1;

/** Every event as one line of JSON, as docs/progress-rawjson.md describes it. */
export function rawJsonProgress(screen: Pick<Screen, "write">, now: () => number = Date.now): Progress {
  let closed = false;
  const write = (line: object): void => screen.write(`${JSON.stringify(line)}\n`);
  write({ type: "start", format: FORMAT, time: now() });
  return {
    emit(event) {
      if (!closed) write(lineOf(event, now));
    },
    close() {
      closed = true;
    },
  };
}

/** The line with which a failure ends the events. */
export function errorLine(error: unknown, time: number): string {
  const known = error instanceof TsbuildError ? error : undefined;
  const message = error instanceof Error ? error.message : String(error);
  const line = {
    type: "error",
    code: known?.code ?? "INTERNAL",
    message: known?.message ?? redact(message),
    hint: known?.hint,
    exitCode: known?.exitCode,
    output: known?.output ?? [],
    diagnostics: (known?.diagnostics ?? []).map(diagnosticJson),
    time,
  };
  return `${JSON.stringify(line)}\n`;
}

/** A diagnostic without the text that it points into: its file is named. */
function diagnosticJson({ source, ...rest }: Diagnostic): object {
  return { file: source.name, ...rest };
}

function lineOf(event: BuildEvent, now: () => number): object {
  switch (event.type) {
    case "step-output":
      return { ...event, data: Buffer.from(event.data).toString("base64") };
    case "warning": {
      const { diagnostic, ...rest } = event;
      return { ...rest, ...(diagnostic && { diagnostic: diagnosticJson(diagnostic) }), time: now() };
    }
    case "plan":
    case "notice":
      return { ...event, time: now() };
    default:
      return event;
  }
}
