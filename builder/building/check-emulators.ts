import { TsbuildError } from "../core/errors.ts";
import type { VertexId } from "../core/events.ts";
import { hostPlatform, samePlatform, type Platform } from "../core/platform.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { Vertex } from "../graph/types.ts";
import type { Session } from "../session/session.ts";
import type { SolveOptions } from "../solver/types.ts";

type Solving = Pick<SolveOptions, "runner" | "cache" | "noCache" | "cacheTtl" | "signal">;

/**
 * Refuses a build before anything is run where a step is for an architecture that this machine cannot run. What the
 * cache has needs no emulator; a step of which that is not known yet is let through, and says the same when it runs.
 */
export async function checkEmulators(
  session: Session,
  graph: SharedGraph,
  solving: () => Solving,
): Promise<void> {
  const host = hostPlatform();
  const isForeign = ({ op }: Vertex): boolean => op.type === "exec" && !samePlatform(op.platform, host);
  if (!graph.vertices.some(isForeign)) return;
  const { emulatorMissing, supportOf } = await import("../../runtime/emulation/foreign.ts");
  const tempPath = (label: string): string => session.store.tempPath(label);
  const foreign = graph.vertices.flatMap((vertex): { vertex: Vertex; platform: Platform }[] => {
    const { op } = vertex;
    if (op.type !== "exec" || supportOf(op.platform, tempPath).how !== "none") return [];
    return [{ vertex, platform: op.platform }];
  });
  if (foreign.length === 0) return;
  const running = await runningSteps(session, graph, solving());
  const blocked = foreign.filter(({ vertex }) => running.has(vertex.id));
  const [first] = blocked;
  if (first === undefined) return;
  const { code, message, hint } = emulatorMissing(first.platform);
  const diagnostics = blocked.flatMap(({ vertex: { at }, platform }) =>
    at === undefined
      ? []
      : [{ severity: "error" as const, rule: code, message: emulatorMissing(platform).message, ...at }],
  );
  throw new TsbuildError(code, message, { hint, diagnostics });
}

async function runningSteps(
  session: Session,
  { vertices, targets }: SharedGraph,
  solving: Solving,
): Promise<ReadonlySet<VertexId>> {
  const [{ forecast }, { isReadable }] = await Promise.all([
    import("../solver/forecast.ts"),
    import("./is-readable.ts"),
  ]);
  const forecasts = await forecast({
    ...solving,
    vertices,
    targets: targets.flatMap(({ rootfs }) => rootfs ?? []),
    openLayers: (diffIds) => session.layers.openAll(diffIds),
    isReadable: (rootfs) => isReadable(session, rootfs),
  });
  // What may run and has a key that finds nothing runs as well, unless what comes after it is found by content.
  const runs = forecasts.filter(
    ({ verdict, report }) => verdict === "run" || (verdict === "may-run" && report.key !== undefined),
  );
  return new Set(runs.map(({ report }) => report.id));
}
