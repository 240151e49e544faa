import { printable } from "../core/bytes.ts";
import { TsbuildError } from "../core/errors.ts";
import type { SharedGraph } from "../graph/merge.ts";
import type { LayerIndex, RootFs } from "../layers/types.ts";
import { formatBytes } from "../core/units.ts";
import type { SizeBudgets, StepGrowth } from "../api/growth.ts";
import type { VertexId } from "../core/events.ts";
import { ownLayers } from "./own-layers.ts";

const LARGEST = 3;

/** What each of these steps of the images added, in the order of the Dockerfile; `rootfs` of each target. */
export async function growthOf(
  graph: SharedGraph,
  rootfs: readonly RootFs[],
  isWanted: (id: VertexId) => boolean,
): Promise<readonly StepGrowth[]> {
  const layers = ownLayers(graph, rootfs);
  const grown = graph.vertices.map(async ({ id, name }): Promise<readonly StepGrowth[]> => {
    const layer = layers.get(id);
    if (layer === undefined || !isWanted(id)) return [];
    return [{ step: name, ...sumOf(await layer.index()) }];
  });
  return (await Promise.all(grown)).flat();
}

/** Throws where an image or a step of it is larger than it may be. Layers that are not here are fetched for it. */
export async function checkBudgets(
  graph: SharedGraph,
  rootfs: readonly RootFs[],
  { image, layer }: SizeBudgets,
): Promise<void> {
  const steps = (await growthOf(graph, rootfs, () => true)).toSorted((a, b) => b.size - a.size);
  const [first] = steps;
  if (layer !== undefined && first !== undefined && first.size > layer)
    throw tooLarge(
      `step ${first.step} adds ${formatBytes(first.size)}`,
      layer,
      "--max-layer-growth",
      filesOf(first),
    );
  if (image === undefined) return;
  const sizes = await Promise.all(rootfs.map(sizeOf));
  const size = Math.max(...sizes);
  if (size <= image) return;
  const parts = steps.slice(0, LARGEST).map((step) => `${step.step} ${formatBytes(step.size)}`);
  throw tooLarge(`the image has ${formatBytes(size)}`, image, "--max-image-size", parts.join("; "));
}

function tooLarge(what: string, budget: number, flag: string, parts: string): TsbuildError {
  return new TsbuildError(
    "TOO_LARGE",
    `Cannot finish the build: ${what}, and ${flag} is ${formatBytes(budget)}`,
    {
      hint: `nothing was written or pushed. The largest: ${parts}`,
    },
  );
}

function filesOf({ files }: StepGrowth): string {
  return files.map(({ path, size }) => `/${printable(path)} ${formatBytes(size)}`).join("; ");
}

async function sizeOf(rootfs: RootFs): Promise<number> {
  let size = 0;
  for (const layer of rootfs) size += sumOf(await layer.index()).size;
  return size;
}

function sumOf({ changes }: LayerIndex): Omit<StepGrowth, "step"> {
  let size = 0;
  let files: StepGrowth["files"] = [];
  for (const change of changes) {
    if (change.kind !== "entry" || change.entry.type !== "file") continue;
    const { entry } = change;
    size += entry.size;
    if (files.length === LARGEST && entry.size <= (files.at(-1)?.size ?? 0)) continue;
    const { path } = entry;
    files = [...files, { path, size: entry.size }].sort((a, b) => b.size - a.size).slice(0, LARGEST);
  }
  return { size, files };
}
