import { parsePlatform, type Platform } from "../core/platform.ts";
import { TsbuildError } from "../core/errors.ts";
import { didYouMean } from "../core/suggest.ts";
import { parseReference } from "../image/reference.ts";
import type { ArgInstruction, Dockerfile, FromInstruction, Instruction, Word } from "../dockerfile/types.ts";
import { BuildArgs, globalArgs } from "./args.ts";
import { contextSource, findContext, findStage, stageNamed } from "./lookup.ts";
import type { Problems } from "./problems.ts";
import type { PlanOptions, Source, Stage } from "./types.ts";
import { scopeOf, type Expander, type Scope } from "./variables.ts";

/** A Dockerfile cut at its FROMs. */
export interface Collected {
  readonly stages: readonly Stage[];
  readonly target: Stage;
  readonly globals: ReadonlyMap<string, string>;
}

/** Cuts the instructions at FROM and finds the target. */
export function collectStages(
  dockerfile: Dockerfile,
  options: PlanOptions,
  buildArgs: BuildArgs,
  expander: Expander,
  problems: Problems,
): Collected {
  const { before, cuts } = cut(dockerfile.instructions);
  const last = cuts.at(-1);
  if (last === undefined) {
    problems.throwIfAny();
    throw new TsbuildError("DOCKERFILE_INVALID", `Cannot build "${problems.source.name}": it has no FROM`, {
      hint: "begin it with FROM and the image to build on",
    });
  }
  const targetName = options.target ?? last.from.as ?? "default";
  const globals = globalArgs(before, options, targetName, buildArgs, (word, scope) =>
    expander.word(word, scope),
  );
  const declared = new Map(before.flatMap(({ args }) => args.map(({ key }) => [key.raw, undefined])));
  const scope = scopeOf(globals, declared);
  const silently = (word: Word, inner: Scope): string => expander.silently(word, inner) ?? "";
  const defaults = scopeOf(globalArgs(before, options, targetName, new BuildArgs({}), silently), declared);
  const stages: Stage[] = [];
  for (const { from, instructions } of cuts) {
    const stage = toStage(from, instructions, stages, { options, scope, expander, problems });
    warnOfName(stage, stages, problems);
    if (from.image.raw.includes("$") && expander.silently(from.image, scope) !== "")
      warnOfDefaults(from, defaults, expander, problems);
    stages.push(stage);
  }
  const target = options.target === undefined ? stages.at(-1) : findStage(options.target, stages);
  if (target === undefined) problems.throwIfAny();
  if (target === undefined) throw unknownTarget(options.target ?? "", stages, problems);
  return { stages, target, globals };
}

interface Cut {
  readonly from: FromInstruction;
  readonly instructions: Instruction[];
}

/** The parser has seen to it that only ARG stands before the first FROM. */
function cut(instructions: readonly Instruction[]): {
  readonly before: readonly ArgInstruction[];
  readonly cuts: readonly Cut[];
} {
  const before: ArgInstruction[] = [];
  const cuts: Cut[] = [];
  for (const instruction of instructions) {
    const current = cuts.at(-1);
    if (instruction.kind === "from") cuts.push({ from: instruction, instructions: [] });
    else if (current !== undefined) current.instructions.push(instruction);
    else if (instruction.kind === "arg") before.push(instruction);
  }
  return { before, cuts };
}

interface Surroundings {
  readonly options: PlanOptions;
  readonly scope: Scope;
  readonly expander: Expander;
  readonly problems: Problems;
}

function toStage(
  from: FromInstruction,
  instructions: readonly Instruction[],
  earlier: readonly Stage[],
  surroundings: Surroundings,
): Stage {
  const { options } = surroundings;
  const index = earlier.length;
  const asked = platformOf(from, surroundings);
  const base = asked ?? options.targetPlatform;
  const replaced = from.as === undefined ? undefined : findContext(from.as, options.contexts, base);
  const files = replaced !== undefined && !options.images?.has(replaced);
  const platform = files ? undefined : asked;
  return {
    index,
    ...(from.as === undefined ? {} : { name: from.as }),
    label: from.as ?? `stage-${index}`,
    from,
    ...(platform === undefined ? {} : { platform }),
    // A named context of the stage's own name stands in for all of it.
    ...(replaced === undefined
      ? { base: baseOf(from, platform, earlier, surroundings), instructions }
      : { base: contextSource(replaced, options, base), instructions: [] }),
  };
}

/** Names that mean something else to some of those who look them up (BuildKit convert.go validateStageNames). */
function warnOfName({ name, from }: Stage, earlier: readonly Stage[], problems: Problems): void {
  const first = name === undefined ? undefined : stageNamed(name, earlier);
  if (name === "scratch" || name === "context") {
    problems.warning("ReservedStageName", `Stage name "${name}" has a meaning of its own`, from.range, {
      fix: "choose another name",
    });
  }
  if (first !== undefined) {
    const line = first.from.range.start.line + 1;
    problems.warning(
      "DuplicateStageName",
      `Stage name "${name}" is taken by line ${line} already`,
      from.range,
      {
        reason: "COPY --from and --target find the last stage of a name",
      },
    );
  }
}

/** InvalidDefaultArgInFrom: without --build-arg the image would have no name (BuildKit validateBaseImagesWithDefaultArgs). */
function warnOfDefaults(
  { image }: FromInstruction,
  defaults: Scope,
  expander: Expander,
  problems: Problems,
): void {
  const name = expander.silently(image, defaults);
  if (name === undefined || isReference(name)) return;
  problems.sureWarning(
    "InvalidDefaultArgInFrom",
    `FROM ${image.raw} is "${name}" with the defaults of its ARGs: no image has that name`,
    image.range,
    { reason: "the Dockerfile cannot be built without --build-arg", fix: "give the ARG a default" },
  );
}

function isReference(name: string): boolean {
  try {
    parseReference(name);
    return true;
  } catch (error) {
    if (error instanceof TsbuildError) return false;
    throw error;
  }
}

function baseOf(
  { image }: FromInstruction,
  platform: Platform | undefined,
  earlier: readonly Stage[],
  { options, scope, expander, problems }: Surroundings,
): Source {
  const name = expander.fromWord(image, scope);
  if (name === "") {
    problems.error("EmptyBaseName", `Cannot use FROM ${image.raw}: it names no image`, image.range, {
      reason: "a variable in it has no value; FROM sees only ARGs that stand before the first FROM",
      fix: "give the ARG a default, or pass it with --build-arg",
    });
    return { type: "scratch" };
  }
  // Names are stored in lower case and looked up as they are written: `FROM Build` is an image (rule 8).
  const stage = stageNamed(name, earlier);
  if (stage !== undefined) return { type: "stage", index: stage.index };
  if (name === "scratch") return { type: "scratch" };
  const wanted = platform ?? options.targetPlatform;
  const context = findContext(name, options.contexts, wanted);
  if (context !== undefined) return contextSource(context, options, wanted);
  return { type: "image", reference: name, platform: wanted };
}

function platformOf(
  { platform }: FromInstruction,
  { scope, expander, problems }: Surroundings,
): Platform | undefined {
  if (platform === undefined) return undefined;
  try {
    return parsePlatform(expander.fromWord(platform, scope));
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
    problems.error("InvalidPlatform", error.message, platform.range, { fix: error.hint });
    return undefined;
  }
}

function unknownTarget(name: string, stages: readonly Stage[], problems: Problems): TsbuildError {
  const names = stages.flatMap((stage) => stage.name ?? []);
  const known = names.length === 0 ? "no stage has a name (AS name)" : `the stages are ${names.join(", ")}`;
  return new TsbuildError(
    "DOCKERFILE_INVALID",
    `Cannot build target "${name}": "${problems.source.name}" has no such stage`,
    {
      hint: didYouMean(name, names) ?? known,
    },
  );
}
