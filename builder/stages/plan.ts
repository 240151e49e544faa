import type { Dockerfile } from "../dockerfile/types.ts";
import { BuildArgs } from "./args.ts";
import { collectStages, type Collected } from "./collect.ts";
import { warnUnusedArgs } from "./environment.ts";
import { resolveEpoch } from "./epoch.ts";
import { planStage, type PlannedStage } from "./plan-stage.ts";
import { Problems, type EmitWarning } from "./problems.ts";
import { resolveStages, type Resolution } from "./resolve.ts";
import type { BaseImages, PlanOptions } from "./types.ts";
import { Expander } from "./variables.ts";

/** A Dockerfile's stages, worked out. */
export interface PlannedStages extends Collected {
  readonly resolution: Resolution;
  /** By their index; those that no target needs are not there. */
  readonly planned: ReadonlyMap<number, PlannedStage>;
  /** SOURCE_DATE_EPOCH. */
  readonly epoch?: number;
}

interface PlanStagesOptions {
  /** Every stage is worked out, not those alone that the target needs. */
  readonly all?: boolean;
  /** False: what is wrong is all that is wanted. */
  readonly withSteps?: boolean;
}

/**
 * Works out the stages that the target needs, or all. Throws a TsbuildError with a diagnostic for each
 * thing that is wrong: what the parser found, and all that can be told in spite of it.
 */
export async function planStages(
  dockerfile: Dockerfile,
  options: PlanOptions,
  images: BaseImages,
  emitWarning: EmitWarning,
  { all = false, withSteps = true }: PlanStagesOptions = {},
): Promise<PlannedStages> {
  const problems = new Problems(dockerfile, emitWarning);
  if (problems.stagesUnclear) problems.throwIfAny();
  const guessing = problems.failed;
  const buildArgs = new BuildArgs(options.buildArgs);
  const expander = new Expander(problems, dockerfile.directives.escape);
  const collected = problems.guess(guessing, () =>
    collectStages(dockerfile, options, buildArgs, expander, problems),
  );
  const { stages, target } = collected;
  const dated = await resolveEpoch(dockerfile, collected, { options, buildArgs, problems });
  const { globals } = dated;
  const targets = all ? stages : [target];
  const resolution = await resolveStages({ stages, targets, options, problems }, images);
  const planned = new Map<number, PlannedStage>();
  const surroundings = { options, stages, globals, buildArgs, expander, problems, withSteps };
  for (const stage of resolution.needed) {
    const parent = stage.base.type === "stage" ? planned.get(stage.base.index) : undefined;
    planned.set(
      stage.index,
      problems.guess(guessing, () => planStage(stage, parent, surroundings)),
    );
  }
  problems.throwIfAny();
  warnUnusedArgs(surroundings);
  remarkOnSyntax(dockerfile, buildArgs.setting("BUILDKIT_SYNTAX"), problems);
  problems.throwIfFatal();
  return { ...collected, ...dated, resolution, planned };
}

/** The language that tsbuild speaks, in any version of it. */
const OWN_SYNTAX = /^(?:docker\.io\/)?docker\/dockerfile(?:-upstream)?(?:[:@]|$)/;

/** BuildKit would run that image to read the Dockerfile. */
function remarkOnSyntax({ directives }: Dockerfile, given: string, problems: Problems): void {
  const syntax = given || directives.syntax;
  if (syntax === undefined || OWN_SYNTAX.test(syntax)) return;
  problems.remark(
    `${given === "" ? "# syntax" : "BUILDKIT_SYNTAX"}=${syntax} has no effect: tsbuild reads Dockerfiles itself, as docker/dockerfile:1 does`,
  );
}
