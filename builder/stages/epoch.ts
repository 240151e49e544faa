import { TsbuildError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import type { Collected } from "./collect.ts";
import type { Surroundings } from "./context.ts";
import { findContext, stageNamed } from "./lookup.ts";
import { planStage } from "./plan-stage.ts";
import { Problems } from "./problems.ts";
import type { Dated, Stage } from "./types.ts";
import { Expander } from "./variables.ts";

const NAME = "SOURCE_DATE_EPOCH";
/** The years that RFC 3339 can write, in which an image has its times. */
const [FIRST, LAST] = [Date.UTC(0, 0, 1) / 1000, 253_402_300_799];

/** SOURCE_DATE_EPOCH as a build goes by it, and the arguments before FROM with its number in place of a name. */
export interface Epoch {
  readonly epoch?: number;
  readonly globals: ReadonlyMap<string, string>;
}

/**
 * What SOURCE_DATE_EPOCH is: of --build-arg, or of an ARG before the first FROM. In place of seconds it may name where the
 * time is to be taken from: "context", a named context, or a stage that is nothing but one ADD of a URL or a repository
 * (BuildKit dockerfile2llb/epoch.go). What has no time leaves it unset, as a directory does.
 */
export async function resolveEpoch(
  dockerfile: Dockerfile,
  { stages, globals }: Collected,
  surroundings: Pick<Surroundings, "options" | "buildArgs" | "problems">,
): Promise<Epoch> {
  const { options, buildArgs, problems } = surroundings;
  const given = buildArgs.take(NAME);
  const value = given ?? globals.get(NAME);
  if (value === undefined) return { globals };
  let epoch: number | undefined;
  try {
    if (/^[+-]?\d+$/.test(value)) epoch = seconds(value);
    else if (value !== "") {
      const others = { dockerfile, surroundings: { ...surroundings, stages, globals } };
      epoch = await options.timeOf?.(datedBy(value, others));
    }
  } catch (error) {
    const range = given === undefined ? rangeOf(dockerfile) : undefined;
    if (!(error instanceof TsbuildError) || range === undefined || error.diagnostics.length > 0) throw error;
    problems.error("InvalidEpoch", error.message, range, { fix: error.hint });
  }
  if (given !== undefined) buildArgs.replace(NAME, epoch?.toString());
  const { [NAME]: _old, ...rest } = Object.fromEntries(globals);
  const known = globals.has(NAME) && epoch !== undefined ? { ...rest, [NAME]: epoch.toString() } : rest;
  return { ...(epoch === undefined ? {} : { epoch }), globals: new Map(Object.entries(known)) };
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= FIRST && value <= LAST) return value;
  throw invalid(text, "it is not a time between the years 0 and 9999");
}

interface Others {
  readonly dockerfile: Dockerfile;
  readonly surroundings: Omit<Surroundings, "expander" | "withSteps">;
}

function datedBy(name: string, others: Others): Dated {
  if (name === "context") return { from: "context", name: "" };
  const { options, stages } = others.surroundings;
  const context = findContext(name, options.contexts, options.targetPlatform);
  if (context !== undefined) return { from: "context", name: context };
  const stage = stageNamed(name.toLowerCase(), stages);
  if (stage !== undefined) return onlySource(stage, name, others);
  const names = ["context", ...options.contexts, ...stages.flatMap((one) => one.name ?? [])];
  throw invalid(name, 'it is no number, not "context", and neither a stage nor a named context', {
    hint: didYouMean(name, names),
  });
}

/** What a stage adds, where that is all that it does. It is worked out here without SOURCE_DATE_EPOCH, and in silence. */
function onlySource(stage: Stage, name: string, { dockerfile, surroundings }: Others): Dated {
  const problems = new Problems(dockerfile, () => undefined);
  const expander = new Expander(problems, dockerfile.directives.escape);
  const globals = new Map(surroundings.globals);
  globals.delete(NAME);
  const bare = { ...stage, triggers: [] };
  const isSource =
    stage.base.type === "scratch" && stage.instructions.every(({ kind }) => kind === "arg" || kind === "add");
  if (isSource) {
    const alone = { ...surroundings, globals, problems, expander, withSteps: true };
    const { plan } = planStage(bare, undefined, alone);
    problems.throwIfAny();
    const sources = plan.steps.flatMap(({ action }) => (action.type === "copy" ? action.sources : []));
    const [source] = sources;
    if (sources.length === 1 && (source?.from === "http" || source?.from === "git")) return source;
  }
  throw invalid(name, "that stage is not FROM scratch with one ADD of a URL or of a git repository");
}

/** Where an ARG before the first FROM sets it. */
function rangeOf({ instructions }: Dockerfile): Dockerfile["instructions"][number]["range"] | undefined {
  const first = instructions.findIndex(({ kind }) => kind === "from");
  return instructions
    .slice(0, first)
    .findLast((one) => one.kind === "arg" && one.args.some(({ key }) => key.raw === NAME))?.range;
}

function invalid(
  value: string,
  state: string,
  options: { readonly hint?: string | undefined } = {},
): TsbuildError {
  return new TsbuildError("USAGE", `Cannot use ${NAME}=${value}: ${state}`, options);
}
