import { TsbuildError } from "../core/errors.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import type { RunConfig } from "../image/types.ts";
import { planStages } from "../stages/plan.ts";
import type { PlannedStage } from "../stages/plan-stage.ts";
import type { EmitWarning } from "../stages/problems.ts";
import type { BaseImages, PlanOptions } from "../stages/types.ts";
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
  const { target, resolution, planned, epoch } = await planStages(dockerfile, options, images, emitWarning);
  const lowered = lower(
    [...planned.values()].map(({ plan }) => plan),
    resolution,
    options.pins,
  );
  const plan = targetPlan(planned.get(target.index), lowered, options);
  const result = epoch === undefined ? plan : { ...plan, epoch };
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
