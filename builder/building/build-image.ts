import type { PlannedStep } from "../core/events.ts";
import type { SharedGraph } from "../graph/merge.ts";
import { checkEntitlements } from "../ops/entitlements.ts";
import { openPlanning, planGraph } from "../planning/plan-dockerfile.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions, BuildResult, Entitlement } from "../api/types.ts";
import { secretsOf, servicesFor } from "./build-services.ts";
import { secretValues } from "./find-leaks.ts";
import { finishBuild } from "./finish-build.ts";
import { openOutputs } from "./open-outputs.ts";
import { openSolving } from "./solving.ts";

/** Takes a Dockerfile all the way: text, graph, solution, image, outputs. */
export async function buildImage(session: Session, options: BuildOptions): Promise<BuildResult> {
  const { emit, signal } = options;
  const started = Date.now();
  const secrets = secretValues(secretsOf(session, options), options.secrets);
  const opened = await openPlanning(session, options);
  const { contexts, lock } = opened;
  const graph = await planGraph(session, options, opened);
  const saved = lock?.save();
  if (saved !== undefined) emit({ type: "notice", message: saved });
  checkEntitlements(graph, allowedIn(options));
  const outputs = await openOutputs(session, options);
  if (graph.epoch === undefined && options.outputs.some((spec) => "form" in spec && spec.form.wantsEpoch))
    emit({ type: "warning", message: "rewrite-timestamp has no effect: SOURCE_DATE_EPOCH is not set" });

  emit({ type: "plan", steps: graph.vertices.map(plannedStep) });
  const services = await servicesFor(session, options, graph, contexts);
  if (graph.vertices.some(({ op }) => op.type === "exec" && op.network === "default"))
    session.onHelper(async () => (await services.networks()).prepare());
  const remove = async (directory: string): Promise<void> => (await session.helper()).remove([directory]);
  session.onHelper(async () =>
    (await import("../session/failed-steps.ts")).dropFailed(session.store, remove),
  );

  await using solving = await openSolving(session, options, { graph, services, outputs });
  const finishing = { contexts, graph, outputs, secrets, started };
  for (;;) {
    try {
      const solved = await solving.solve();
      contexts.save();
      solving.journal.keep();
      return await finishBuild(session, options, solved, solving, finishing);
    } catch (error) {
      if (signal.aborted || solving.caches?.imports.takeFailure() !== true) {
        solving.journal.keep();
        throw error;
      }
    }
  }
}

/** --network=host allows steps the same network that it gives them, as docker's does (buildx build/opt.go). */
function allowedIn({ allow = [], network }: BuildOptions): readonly Entitlement[] {
  return network === "host" ? [...allow, "network.host"] : allow;
}

function plannedStep({ id, name, inputs, stage, at }: SharedGraph["vertices"][number]): PlannedStep {
  return {
    id,
    name,
    inputs,
    ...(stage === undefined ? {} : { stage }),
    ...(at === undefined ? {} : { line: at.range.start.line }),
  };
}
