import { unreachable } from "../core/errors.ts";
import type { Dockerfile } from "../dockerfile/types.ts";
import { printGraph } from "../graph/print.ts";
import { openContexts } from "../inputs/open-contexts.ts";
import {
  askedImages,
  openPlanning,
  planGraph,
  planOptions,
  readParsed,
  warningsTo,
} from "./plan-dockerfile.ts";
import type { Session } from "../session/session.ts";
import { planStages } from "../stages/plan.ts";
import { Problems } from "../stages/problems.ts";
import type { PlanStep } from "../api/answer-types.ts";
import type { BuildOptions } from "../api/types.ts";

/** One step of the road from the text to the graph, as JSON; nothing is built. */
export async function printPlan(session: Session, step: PlanStep, options: BuildOptions): Promise<string> {
  if (step === "graph")
    return printGraph(await planGraph(session, options, await openPlanning(session, options)));
  const contexts = await openContexts(session, options);
  switch (step) {
    case "ast":
      return printAst(await readParsed(options, contexts), options);
    case "stages": {
      const dockerfile = await readParsed(options, contexts);
      const images = askedImages(session, options, contexts);
      const { planned } = await planStages(
        dockerfile,
        planOptions(options, contexts),
        images,
        warningsTo(options),
      );
      return print({ stages: [...planned.values()].map(({ plan }) => plan) });
    }
    default:
      return unreachable(step);
  }
}

function printAst(dockerfile: Dockerfile, options: BuildOptions): string {
  new Problems(dockerfile, warningsTo(options)).throwIfAny();
  const { source, directives, instructions } = dockerfile;
  return print({ name: source.name, directives, instructions });
}

function print(value: unknown): string {
  return `${JSON.stringify(value, withoutText, 2)}\n`;
}

/** The text of the Dockerfile is left out wherever something points into it: its name says enough. */
function withoutText(key: string, item: unknown): unknown {
  return key === "source" && typeof item === "object" && item !== null && "name" in item ? item.name : item;
}
