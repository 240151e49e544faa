import { TsbuildError } from "../core/errors.ts";
import { mapAtMost } from "../core/map-at-most.ts";
import { formatPlatform } from "../core/platform.ts";
import type { Diagnostic, Range } from "../core/diagnostic.ts";
import { didYouMean } from "../core/suggest.ts";
import type { Instruction } from "../dockerfile/types.ts";
import { readTriggers, triggersOf } from "./onbuild.ts";
import type { Problems } from "./problems.ts";
import { checkMention, mentionsIn, sourceOf } from "./sources.ts";
import type { BaseImage, BaseImages, PlanOptions, ResolvedStage, Source, Stage } from "./types.ts";

/** How many images are asked for at a time: where one cannot be had, those behind it are not waited for. */
const AT_ONCE = 8;

type ImageSource = Extract<Source, { readonly type: "image" }>;

/** What resolving stages needs to know. */
export interface ResolveInput {
  readonly stages: readonly Stage[];
  /** Those that are wanted; with all that they need, they are the result. */
  readonly targets: readonly Stage[];
  readonly options: PlanOptions;
  readonly problems: Problems;
}

/** The stages that the targets need, in the order of the file, and every image that one of them takes files from. */
export interface Resolution {
  readonly needed: readonly ResolvedStage[];
  image(source: ImageSource): BaseImage | undefined;
}

/**
 * Asks for the base images of the stages that the target needs, several at once. Triggers of a base may need more stages and
 * more images: then it goes round again.
 */
export async function resolveStages(input: ResolveInput, images: BaseImages): Promise<Resolution> {
  const { stages, problems } = input;
  const fetched = new Map<string, BaseImage | undefined>();
  const triggers = new Map<number, readonly Instruction[]>();
  for (const stage of stages) checkStage(stage, stage.instructions, input);
  for (;;) {
    const needed = neededStages(input, triggers);
    const wanted = wantedImages(needed, input, triggers).filter(({ source }) => !fetched.has(keyOf(source)));
    // What is wrong already is not worth a download: the stages are looked through without their images.
    if (!problems.failed) await fetchAll(wanted, fetched, input, images);
    let grown = false;
    for (const stage of needed) {
      if (triggers.has(stage.index)) continue;
      const texts = textsOf(stage, stages, fetched);
      const read = texts.length === 0 ? [] : readTriggers(texts, stage, problems);
      checkStage(stage, read, input);
      triggers.set(stage.index, read);
      grown ||= mentionsIn(read).length > 0;
    }
    if (!grown) {
      return {
        needed: needed.map((stage) => resolved(stage, triggers, fetched)),
        image: (source) => fetched.get(keyOf(source)),
      };
    }
  }
}

function resolved(
  stage: Stage,
  triggers: ReadonlyMap<number, readonly Instruction[]>,
  fetched: ReadonlyMap<string, BaseImage | undefined>,
): ResolvedStage {
  const image = stage.base.type === "image" ? fetched.get(keyOf(stage.base)) : undefined;
  return {
    ...stage,
    triggers: triggers.get(stage.index) ?? [],
    ...(image === undefined ? {} : { image }),
  };
}

/** The triggers that a base leaves: those of an image, or of a stage's own ONBUILD lines (rule 21). */
function textsOf(
  { base }: Stage,
  stages: readonly Stage[],
  fetched: ReadonlyMap<string, BaseImage | undefined>,
): readonly string[] {
  if (base.type === "image") return fetched.get(keyOf(base))?.config.config.OnBuild ?? [];
  const parent = base.type === "stage" ? stages[base.index] : undefined;
  return parent === undefined ? [] : triggersOf(parent);
}

function checkStage(stage: Stage, instructions: readonly Instruction[], input: ResolveInput): void {
  for (const mention of mentionsIn(instructions)) checkMention(mention, stage, input);
}

/** Every reference leads to an earlier stage (checked before), so one walk from the back finds all that is needed. */
function neededStages(
  input: ResolveInput,
  triggers: ReadonlyMap<number, readonly Instruction[]>,
): readonly Stage[] {
  const needed = new Set(input.targets.map(({ index }) => index));
  for (const stage of input.stages.toReversed()) {
    if (!needed.has(stage.index)) continue;
    for (const { source } of sourcesOf(stage, input, triggers)) {
      if (source.type === "stage") needed.add(source.index);
    }
  }
  return input.stages.filter((stage) => needed.has(stage.index));
}

interface Use<S extends Source = Source> {
  readonly source: S;
  readonly range: Range;
}

function sourcesOf(
  stage: Stage,
  input: ResolveInput,
  triggers: ReadonlyMap<number, readonly Instruction[]>,
): readonly Use[] {
  const uses: Use[] = [{ source: stage.base, range: stage.from.image.range }];
  for (const instructions of [triggers.get(stage.index), stage.instructions]) {
    if (instructions === undefined) continue;
    for (const { name, range } of mentionsIn(instructions)) {
      const source = sourceOf(name, input);
      if (source !== undefined) uses.push({ source, range });
    }
  }
  return uses;
}

function wantedImages(
  stages: readonly Stage[],
  input: ResolveInput,
  triggers: ReadonlyMap<number, readonly Instruction[]>,
): readonly Use<ImageSource>[] {
  const wanted = new Map<string, Use<ImageSource>>();
  for (const stage of stages) {
    for (const { source, range } of sourcesOf(stage, input, triggers)) {
      if (source.type === "image" && !wanted.has(keyOf(source))) wanted.set(keyOf(source), { source, range });
    }
  }
  return [...wanted.values()];
}

async function fetchAll(
  wanted: readonly Use<ImageSource>[],
  fetched: Map<string, BaseImage | undefined>,
  input: ResolveInput,
  images: BaseImages,
): Promise<void> {
  const failures: { readonly error: TsbuildError; readonly at: Diagnostic }[] = [];
  const resolving = mapAtMost(AT_ONCE, wanted, async ({ source, range }) => {
    try {
      fetched.set(keyOf(source), await images.resolve(source.reference, source.platform));
    } catch (error) {
      if (error instanceof TsbuildError)
        failures.push({ error, at: diagnosticOf(error, source, range, input) });
      throw error;
    }
  });
  try {
    await resolving;
  } catch (error) {
    if (!(error instanceof TsbuildError)) throw error;
  }
  failures.sort((a, b) => a.at.range.start.line - b.at.range.start.line);
  const [first] = failures;
  if (first === undefined) return;
  const { code, message, hint, cause } = first.error;
  throw new TsbuildError(code, message, { hint, cause, diagnostics: failures.map(({ at }) => at) });
}

/** An image that is not there may be a stage that was meant: `COPY --from=biuld`. */
function diagnosticOf(
  error: TsbuildError,
  { reference }: ImageSource,
  range: Range,
  { stages, problems }: ResolveInput,
): Diagnostic {
  const names = stages.flatMap((stage) => stage.name ?? []);
  const fix = didYouMean(reference, names);
  return {
    severity: "error",
    rule: "BaseImage",
    message: error.message,
    range,
    source: problems.source,
    ...(fix === undefined ? {} : { fix }),
  };
}

function keyOf({ reference, platform }: ImageSource): string {
  return `${reference}\n${formatPlatform(platform)}`;
}
