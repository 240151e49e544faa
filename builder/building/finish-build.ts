import { lazy } from "../core/lazy.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { BuiltImage, Output } from "../outputs/types.ts";
import type { SecretValue } from "../leaks/types.ts";
import type { Session } from "../session/session.ts";
import type { BuildOptions, BuildResult } from "../api/types.ts";
import type { Built } from "./attest-images.ts";
import { builtImage } from "./built-image.ts";
import { findingLines, findLeaks, refuseLeaks } from "./find-leaks.ts";
import type { Solved, Solving } from "./solving.ts";
import { summaryOf, writeOutputs } from "./write-outputs.ts";

/** What a solved build is finished with. */
export interface Finishing extends Built {
  readonly graph: SharedGraph;
  readonly outputs: readonly Output[];
  /** What must be found in no layer. */
  readonly secrets: readonly SecretValue[];
}

/** Makes images of what was solved: looks for what must not be in them, and brings them and the caches where they go. */
export async function finishBuild(
  session: Session,
  options: BuildOptions,
  { solution, results, local, sent }: Solved,
  { caches, bases }: Pick<Solving, "caches" | "bases">,
  finishing: Finishing,
): Promise<BuildResult> {
  const { graph, outputs, secrets } = finishing;
  const growth = lazy(() => import("./growth.ts"));
  if (options.budgets !== undefined) await (await growth()).checkBudgets(graph, results, options.budgets);
  const report = solution.report().filter(({ recorded }) => recorded);
  const ran = new Set(report.flatMap(({ id, outcome }) => (outcome === "ran" ? [id] : [])));
  const findings = findLeaks(graph, results, ran, secrets, options);
  // Looked at beside the writing; where that fails first, nobody waits for it any more.
  findings.catch(() => {});
  if (options.failOnSecrets === true) refuseLeaks(await findings);

  const exported = await caches?.exportable(graph.vertices, solution, local, results, bases);
  const images = await Promise.all(
    graph.targets.map(async (target, index): Promise<BuiltImage> => {
      const rootfs = results[index] ?? [];
      const image = builtImage(target, rootfs, (id) => solution.created(id));
      const inlineCache = exported && (await caches?.inline(exported, rootfs));
      return inlineCache ? { ...image, inlineCache } : image;
    }),
  );
  const attested = await withStatements(session, options, images, finishing);
  const writing = caches?.start(exported, sent);
  const written = await writeOutputs(outputs, attested, options).finally(writing?.settled);
  await writing?.done;
  await session.makeDurable();
  session.capCache(options.maxCacheSize);
  for (const message of findingLines(await findings)) options.emit({ type: "warning", message });
  return {
    ...summaryOf(written),
    platforms: graph.targets.map(({ platform }) => platform),
    ran: ran.size,
    cached: report.filter(({ outcome }) => outcome === "cached" || outcome === "shared").length,
    ...(ran.size > 0 && { growth: await (await growth()).growthOf(graph, results, (id) => ran.has(id)) }),
  };
}

/** Loaded where something is to be stated of the images. */
async function withStatements(
  session: Session,
  { attest, ...options }: BuildOptions,
  images: readonly BuiltImage[],
  built: Built,
): Promise<readonly BuiltImage[]> {
  if (attest === undefined) return images;
  const { attestImages } = await import("./attest-images.ts");
  return attestImages(session, { ...options, attest }, images, built);
}
