import { TsbuildError } from "../../core/errors.ts";
import { sanitize } from "../../progress/sanitize.ts";
import { command } from "../command.ts";
import type { Output } from "../types.ts";
import { onePlatform } from "../values.ts";
import { withStore } from "../with-tsbuild.ts";
import type { StepLog } from "../../api/step-logs.ts";

/** `tsbuild logs`. */
export const logsCommand = command({
  name: "logs",
  usage: "logs [OPTIONS] [STEP]",
  summary: "Show all that the steps of the last build wrote",
  flags: {
    context: { value: "DIR", doc: "Of builds of this context" },
    file: { value: "FILE", doc: "Of builds of this Dockerfile, named as it was then" },
    target: { value: "STAGE", doc: "Of builds of this stage" },
    platform: { value: "OS/ARCH", doc: "Of builds for this platform" },
  },
  operands: { min: 0, max: 1, name: "STEP" },
  examples: [
    ["tsbuild logs", "shows the logs of all steps, those of cached ones from when they ran"],
    ["tsbuild logs 'builder 3/5'", "shows the log of one step, and nothing else"],
    ["tsbuild logs 'npm ci'", "shows the log of the step whose instruction has this in it"],
  ],
  async execute({ context, file, target, platform }, [step], session) {
    const wanted = onePlatform(platform);
    return withStore(session, async (tsbuild) => {
      const logs = await tsbuild.logs({
        ...(context === undefined ? {} : { context }),
        ...(file === undefined ? {} : { dockerfile: file }),
        ...(target === undefined ? {} : { target }),
        ...(wanted === undefined ? {} : { platform: wanted }),
        ...(step === undefined ? {} : { step }),
      });
      if (logs.length === 0 && step !== undefined) throw noLog(step);
      for (const log of logs) await show(log, logs.length > 1, session.io.stdout);
      return 0;
    });
  },
});

function noLog(step: string): TsbuildError {
  return new TsbuildError("USAGE", `Cannot show the log of "${step}": no step of that name wrote anything`, {
    hint: 'name it as the build does, as "builder 3/5", or by a part of its instruction; "tsbuild logs" shows all',
  });
}

async function show(log: StepLog, withTitle: boolean, stdout: Output): Promise<void> {
  if (withTitle) stdout.write(`${sanitize(log.step)}\n`);
  let last = 0x0a;
  for await (const chunk of log.read()) {
    stdout.write(chunk);
    last = chunk.at(-1) ?? last;
  }
  if (withTitle) stdout.write(last === 0x0a ? "\n" : "\n\n");
}
