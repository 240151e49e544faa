import { TsbuildError } from "../core/errors.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import type { RunConfig } from "../image/types.ts";
import { BuildArgs } from "../stages/args.ts";
import { collectStages } from "../stages/collect.ts";
import { warnUnusedArgs } from "../stages/environment.ts";
import { planStage, type PlannedStage } from "../stages/plan-stage.ts";
import { Problems, type EmitWarning } from "../stages/problems.ts";
import { resolveStages } from "../stages/resolve.ts";
import type { BaseImages, PlanOptions } from "../stages/types.ts";
import { Expander } from "../stages/variables.ts";
import { lower, type Lowered } from "./lower.ts";
import type { BuildGraph, TargetPlan } from "./types.ts";

/**
 * What a Dockerfile asks for, as a graph of steps: pure but for what `images` asks of a registry. Throws a TsbuildError
 * with a diagnostic for each thing that is wrong.
 */
export async function planBuild(
  dockerfile: Dockerfile,
  options: PlanOptions,
  images: BaseImages,
  emitWarning: EmitWarning,
): Promise<BuildGraph> {
  const problems = new Problems(dockerfile, emitWarning);
  problems.throwIfAny();
  const buildArgs = new BuildArgs(options.buildArgs);
  const expander = new Expander(problems, dockerfile.directives.escape);
  const collected = collectStages(dockerfile, options, buildArgs, expander, problems);
  problems.throwIfAny();
  const { stages, target, globals } = collected;
  const resolution = await resolveStages({ stages, target, options, problems }, images);
  const planned = new Map<number, PlannedStage>();
  const surroundings = { options, stages, globals, buildArgs, expander, problems };
  for (const stage of resolution.needed) {
    const parent = stage.base.type === "stage" ? planned.get(stage.base.index) : undefined;
    planned.set(stage.index, planStage(stage, parent, surroundings));
  }
  problems.throwIfAny();
  warnUnusedArgs(surroundings);
  problems.throwIfFatal();
  const lowered = lower(
    [...planned.values()].map(({ plan }) => plan),
    resolution,
  );
  const result = targetPlan(planned.get(target.index), lowered, options);
  const roots = result.rootfs === null ? [] : [result.rootfs];
  return { vertices: lowered.vertices.reachable(roots), target: result };
}

function targetPlan(planned: PlannedStage | undefined, lowered: Lowered, options: PlanOptions): TargetPlan {
  if (planned === undefined)
    throw new TsbuildError("INTERNAL", "Cannot build the target: it was not planned");
  const { plan } = planned;
  return {
    stage: plan.label,
    platform: options.explicitPlatform ? options.targetPlatform : plan.imagePlatform,
    rootfs: lowered.rootOf(plan.index),
    config: withLabels(plan.config, options.labels),
    ...(plan.author === undefined ? {} : { author: plan.author }),
    history: plan.history.map(({ entry, inherited, step }) => {
      const vertex = step === undefined ? undefined : lowered.stepOf(step);
      return { entry, inherited, ...(vertex === undefined ? {} : { vertex }) };
    }),
  };
}

/** Labels of the command line come last, and into no step: they cost no cache (rule 20). */
function withLabels(config: RunConfig, labels: PlanOptions["labels"]): RunConfig {
  const given = Object.entries(labels);
  if (given.length === 0) return config;
  return { ...config, Labels: Object.fromEntries([...Object.entries(config.Labels ?? {}), ...given]) };
}
