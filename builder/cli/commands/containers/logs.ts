import type { Tsbuild } from "../../../api/types.ts";
import { TsbuildError } from "../../../core/errors.ts";
import { command } from "../../command.ts";
import { usageError } from "../../flags.ts";
import { parseInstant } from "../../instant.ts";
import type { FlagTable, FlagValues, Session } from "../../types.ts";
import { onePlatform } from "../../values.ts";
import { withStore } from "../../with-tsbuild.ts";
import { showStepLogs } from "../build/log-steps.ts";
import { LineTimes } from "../../line-times.ts";

const INTERRUPTED = 130;

const STEPS = "Of steps";
const CONTAINERS = "Of a container";

const OF_STEPS = {
  context: { value: "DIR", group: STEPS, doc: "Steps of builds of this context" },
  file: { value: "FILE", group: STEPS, doc: "Steps of builds of this Dockerfile, named as it was then" },
  target: { value: "STAGE", group: STEPS, doc: "Steps of builds of this stage" },
  platform: { value: "OS/ARCH", group: STEPS, doc: "Steps of builds for this platform" },
} as const satisfies FlagTable;

const OF_CONTAINERS = {
  follow: { short: "f", group: CONTAINERS, doc: "Go on until the container ends" },
  tail: { short: "n", value: "LINES", group: CONTAINERS, doc: "Only the last lines", default: "all" },
  since: { value: "TIME", group: CONTAINERS, doc: "Only what it said after a time, or in the last 10m" },
  until: { value: "TIME", group: CONTAINERS, doc: "Only what it said before a time, or longer ago than 10m" },
  timestamps: { short: "t", group: CONTAINERS, doc: "Put the time before each line" },
} as const satisfies FlagTable;

const FLAGS = { ...OF_CONTAINERS, ...OF_STEPS } as const;

/** `tsbuild logs`: of a container, as docker has it, or of the steps of the last build. */
export const logsCommand = command({
  name: "logs",
  usage: "logs [OPTIONS] [CONTAINER | STEP]",
  summary: "Show what a container said, or the steps of the last build",
  flags: FLAGS,
  missing: { details: undefined },
  operands: { min: 0, max: 1, name: "CONTAINER" },
  examples: [
    ["tsbuild logs -f --tail 20 web", "shows the last lines of a container, and those that come"],
    ["tsbuild logs", "shows the logs of all steps, those of cached ones from when they ran"],
    ["tsbuild logs 'builder 3/5'", "shows the log of one step, and nothing else"],
    ["tsbuild logs 'npm ci'", "shows the log of the step whose instruction has this in it"],
  ],
  async execute(flags, [wanted], session) {
    return withStore(session, async (tsbuild) => {
      const all: Readonly<Record<string, unknown>> = flags;
      const given = (table: FlagTable): string | undefined =>
        Object.keys(table).find((name) => all[name] !== undefined && all[name] !== false);
      const ofContainer = given(OF_CONTAINERS);
      const isStep = wanted === undefined || given(OF_STEPS) !== undefined;
      if (isStep && ofContainer !== undefined) {
        throw usageError(
          "logs",
          `Cannot use --${ofContainer}: it is for the log of a container`,
          "name a container",
        );
      }
      if (isStep || (ofContainer === undefined && !(await isContainer(tsbuild, wanted)))) {
        return showSteps(tsbuild, flags, wanted, session);
      }
      return showContainer(tsbuild, flags, wanted, session);
    });
  },
});

/** Whether a word means a container. */
async function isContainer(tsbuild: Tsbuild, word: string): Promise<boolean> {
  try {
    await tsbuild.containers.find(word);
    return true;
  } catch (error) {
    if (error instanceof TsbuildError && error.code === "CONTAINER_NOT_FOUND") return false;
    throw error;
  }
}

async function showContainer(
  tsbuild: Tsbuild,
  flags: FlagValues<typeof OF_CONTAINERS>,
  container: string,
  { io, signal }: Session,
): Promise<number> {
  const now = Date.now();
  const times = new LineTimes();
  await tsbuild.containers.logs(container, {
    follow: flags.follow,
    tail: lines(flags.tail),
    since: parseInstant("logs", "--since", flags.since, now),
    until: parseInstant("logs", "--until", flags.until, now),
    signal,
    onOutput: (stream, data, time) =>
      io[stream].write(flags.timestamps ? times.stamp(stream, data, time) : data),
  });
  return signal.aborted ? INTERRUPTED : 0;
}

async function showSteps(
  tsbuild: Tsbuild,
  { context, file, target, platform }: FlagValues<typeof OF_STEPS>,
  step: string | undefined,
  { io }: Session,
): Promise<number> {
  const wanted = onePlatform(platform);
  const logs = await tsbuild.logs({
    ...(context === undefined ? {} : { context }),
    ...(file === undefined ? {} : { dockerfile: file }),
    ...(target === undefined ? {} : { target }),
    ...(wanted === undefined ? {} : { platform: wanted }),
    ...(step === undefined ? {} : { step }),
  });
  if (logs.length === 0 && step !== undefined) {
    throw new TsbuildError(
      "USAGE",
      `Cannot show the log of "${step}": there is no such container, and no step of that name wrote anything`,
      {
        hint: 'name a step as the build does, as "builder 3/5", or by a part of its instruction; "tsbuild logs" shows all, "tsbuild ps -a" lists containers',
      },
    );
  }
  await showStepLogs(logs, io.stdout);
  return 0;
}

function lines(text: string | undefined): number | undefined {
  if (text === undefined || text === "all" || text === "-1") return undefined;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw usageError("logs", `Cannot use --tail ${text}: it is no number of lines`, "write a number, or all");
}
