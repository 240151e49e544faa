import { plainRange } from "../core/diagnostic.ts";
import { baseHistory } from "./base-history.ts";
import { formatPlatform, normalizePlatform, samePlatform, type Platform } from "../core/platform.ts";
import type { Instruction } from "../dockerfile/types.ts";
import { apply } from "./apply.ts";
import type { Surroundings } from "./context.ts";
import { ENTRY } from "./budget.ts";
import { StageState, type Beginning } from "./state.ts";
import type { BaseImage, ResolvedStage, StagePlan } from "./types.ts";

/** A stage worked out, and what stages built on it go on with. */
export interface PlannedStage {
  /** Its base image is not known: it was worked out as if that set nothing. */
  readonly guessed: boolean;
  readonly plan: StagePlan;
  readonly state: StageState;
}

/** Works through a stage's instructions, the base's triggers first. `parent` is the stage that FROM names. */
export function planStage(
  stage: ResolvedStage,
  parent: PlannedStage | undefined,
  surroundings: Surroundings,
): PlannedStage {
  const guessed = parent?.guessed ?? (stage.base.type === "image" && stage.image === undefined);
  const { problems } = surroundings;
  return problems.guess(guessed || problems.guessing, () => workOut(stage, parent, surroundings, guessed));
}

function workOut(
  stage: ResolvedStage,
  parent: PlannedStage | undefined,
  surroundings: Surroundings,
  guessed: boolean,
): PlannedStage {
  const beginning = beginningOf(stage, parent, surroundings);
  surroundings.expander.budget.spend(ENTRY * entriesOf(beginning), stage.from.range);
  const state = new StageState(stage.index, beginning, surroundings.withSteps);
  const shown =
    surroundings.options.isOneOfSeveral === true ? () => shownPlatform(state, beginning.platform) : undefined;
  const naming = new StepNames(stage, surroundings.stages.length, shown);
  const baseName = stage.image === undefined ? "" : naming.next(`FROM ${pinned(stage.image)}`);
  const work = { ...surroundings, state, stage };
  if (stage.triggers.length > 0) {
    const stepName = (text: string): string => naming.next(`ONBUILD ${upperCommand(text)}`);
    for (const trigger of stage.triggers) apply(trigger, { ...work, stepName });
  }
  const own = { ...work, stepName: (text: string): string => naming.next(upperCommand(text)) };
  for (const instruction of stage.instructions) apply(instruction, own);
  const { range } = stage.from;
  const at = {
    source: surroundings.problems.source,
    range: surroundings.withSteps ? plainRange(range) : range,
  };
  return { guessed, state, plan: state.finish({ label: stage.label, base: stage.base, baseName, at }) };
}

/** How many entries a stage begins with: every one is copied. */
function entriesOf({ config, history, args, values }: Beginning): number {
  const { Env = [], Labels = {}, ExposedPorts = {}, Volumes = {} } = config;
  const lists = [Labels, ExposedPorts, Volumes].map((list) => Object.keys(list).length);
  const sizes = [...lists, Env.length, history.length, args?.size ?? 0, values?.size ?? 0];
  return sizes.reduce((sum, size) => sum + size, 0);
}

function beginningOf(
  stage: ResolvedStage,
  parent: PlannedStage | undefined,
  { options, problems }: Surroundings,
): Beginning {
  if (parent !== undefined) {
    const { plan, state } = parent;
    const { platform, imagePlatform, config, author, history } = plan;
    if (stage.platform !== undefined && !samePlatform(stage.platform, platform)) {
      const { label } = plan;
      problems.warning(
        "StagePlatform",
        `FROM --platform has no effect: stage ${label} is for ${formatPlatform(platform)}`,
        stage.from.range,
        {
          reason: "a stage is built once, for one platform",
          fix: `put --platform on the FROM of stage ${label}`,
        },
      );
    }
    const { args, values, workdirSet } = state;
    return { config, author, history, platform, imagePlatform, args, values, workdirSet };
  }
  const wanted = stage.platform ?? options.targetPlatform;
  if (stage.image === undefined) {
    const platform = stage.base.type === "scratch" ? options.targetPlatform : wanted;
    return { config: { WorkingDir: "/" }, history: [], platform, imagePlatform: platform };
  }
  const { config, author, platform: offered } = stage.image.config;
  const inherited = baseHistory(stage.image.config).map((entry) => ({ entry, inherited: true }));
  const platform = normalizePlatform(offered);
  const other = platform.os !== wanted.os || platform.architecture !== wanted.architecture;
  if (other) {
    problems.warning(
      "InvalidBaseImagePlatform",
      `Base image ${stage.image.reference} is for ${formatPlatform(platform)}, not for ${formatPlatform(wanted)}`,
      stage.from.range,
    );
  }
  const free = stage.platform === undefined && !options.explicitPlatform;
  return {
    config,
    author,
    history: inherited,
    platform: other && free ? platform : wanted,
    imagePlatform: platform,
  };
}

/** `linux/amd64`, and `linux/amd64->arm64` from where a stage takes TARGETARCH or its like (BuildKit convert.go prefixCommand). */
function shownPlatform(state: StageState, platform: Platform): string {
  const given = (name: string): string | undefined => state.values.get(name) || undefined;
  const own = given("TARGETPLATFORM")?.split("/") ?? [
    given("TARGETOS"),
    given("TARGETARCH"),
    given("TARGETVARIANT"),
  ];
  const [os = platform.os, architecture = platform.architecture, variant = undefined] = own;
  const shown = formatPlatform(platform);
  const target = formatPlatform(normalizePlatform({ os, architecture, ...(variant ? { variant } : {}) }));
  if (target === shown) return shown;
  return `${shown}->${os === platform.os ? target.slice(os.length + 1) : target}`;
}

/** Numbers the steps of a stage as BuildKit does: `[build  2/12] `; FROM counts where it names an image. */
class StepNames {
  readonly #stage: ResolvedStage;
  readonly #stages: number;
  readonly #platform: (() => string) | undefined;
  #about: { readonly label: string; readonly total: string } | undefined;
  #count = 0;

  /** `platform` is asked for each name, where names are to have it: what it says may change from one ARG to the next. */
  constructor(stage: ResolvedStage, stages: number, platform?: () => string) {
    this.#stage = stage;
    this.#stages = stages;
    this.#platform = platform;
  }

  next(text: string): string {
    const { label, total } = (this.#about ??= this.#look());
    this.#count += 1;
    const platform = this.#platform === undefined ? "" : `${this.#platform()} `;
    return `[${platform}${label}${String(this.#count).padStart(total.length)}/${total}] ${text.replace(/\s+/g, " ")}`;
  }

  #look(): { readonly label: string; readonly total: string } {
    const { triggers, instructions, base, label } = this.#stage;
    const steps = [...triggers, ...instructions].filter(isStep).length;
    const alone = this.#stages === 1 && !instructions.some(takesFromElsewhere);
    return { label: alone ? "" : `${label} `, total: String(steps + (base.type === "image" ? 1 : 0)) };
  }
}

/** BuildKit counts what an instruction copies or mounts from as one stage more (convert.go buildStageDependencyGraph). */
function takesFromElsewhere(instruction: Instruction): boolean {
  if (instruction.kind === "copy") return instruction.from !== undefined;
  return instruction.kind === "run" && instruction.flags.some(({ name }) => name === "mount");
}

function isStep({ kind }: Instruction): boolean {
  return kind === "run" || kind === "copy" || kind === "add" || kind === "workdir";
}

/** An image's name with its digest. */
export function pinned({ reference, manifest }: BaseImage): string {
  return reference.includes("@") ? reference : `${reference}@${manifest}`;
}

/** `run make` → `RUN make`. */
function upperCommand(text: string): string {
  return text.replace(/^\S+/, (command) => command.toUpperCase());
}
