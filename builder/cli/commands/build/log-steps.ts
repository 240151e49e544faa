import type { StepLog } from "../../../api/step-logs.ts";
import { sanitize } from "../../../progress/sanitize.ts";
import type { Output } from "../../types.ts";

const NEWLINE = 0x0a;

/** Writes the logs of steps, each under its name where there are several. */
export async function showStepLogs(logs: readonly StepLog[], stdout: Output): Promise<void> {
  for (const log of logs) await show(log, logs.length > 1, stdout);
}

async function show(log: StepLog, withTitle: boolean, stdout: Output): Promise<void> {
  if (withTitle) stdout.write(`${sanitize(log.step)}\n`);
  let last = NEWLINE;
  for await (const chunk of log.read()) {
    stdout.write(chunk);
    last = chunk.at(-1) ?? last;
  }
  if (withTitle) stdout.write(last === NEWLINE ? "\n" : "\n\n");
}
