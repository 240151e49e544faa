import type { Content } from "../core/entry.ts";
import { firstDifference } from "./contents.ts";
import { layerRefs } from "./layer-refs.ts";
import { compareMerged, MergedFiles, type Place } from "./merged.ts";
import { Turns } from "./turns.ts";
import type { ComparedImage, CompareOptions, FileDifference, LayerDifference } from "./types.ts";

interface Group {
  readonly ref: Pick<LayerDifference, "a" | "b">;
  readonly files: FileDifference[];
}

/** What a container of one image sees and one of the other does not, by the layer that it comes from. */
export async function compareByFiles(
  a: ComparedImage,
  b: ComparedImage,
  { signal }: CompareOptions,
): Promise<LayerDifference[]> {
  const [ours, theirs] = await Promise.all([a, b].map(mergedFiles));
  if (ours === undefined || theirs === undefined) return [];
  const refs = { a: layerRefs(a), b: layerRefs(b) };
  const turns = new Turns(signal);
  const groups = new Map<string, Group>();
  await compareMerged(
    ours.tree,
    theirs.tree,
    async (path) => {
      await turns.take();
      const places = [ours.place(path), theirs.place(path)] as const;
      if (sameBytes(a, places[0], b, places[1])) return false;
      const contents = await Promise.all([contentAt(a, places[0]), contentAt(b, places[1])]);
      return firstDifference(...contents) !== undefined;
    },
    (difference) => {
      const side = difference.change === "removed" ? "a" : "b";
      const layer = (side === "a" ? ours : theirs).layerOf(difference.path);
      const ref = layer === undefined ? undefined : refs[side][layer];
      const key = `${side}${layer ?? ""}`;
      const group = groups.get(key) ?? { ref: ref === undefined ? {} : { [side]: ref }, files: [] };
      groups.set(key, group);
      group.files.push(difference);
    },
  );
  return [...groups.values()]
    .sort((x, y) => numberOf(x) - numberOf(y))
    .map(({ ref, files }) => ({ ...ref, repacked: false, files }));
}

async function mergedFiles({ layers }: ComparedImage): Promise<MergedFiles> {
  return new MergedFiles(await Promise.all(layers.map((layer) => layer.index())));
}

function sameBytes(a: ComparedImage, x: Place, b: ComparedImage, y: Place): boolean {
  if (x.kind !== "layer" || y.kind !== "layer") return false;
  return x.offset === y.offset && a.config.diffIds[x.layer] === b.config.diffIds[y.layer];
}

async function contentAt({ layers }: ComparedImage, place: Place): Promise<Content> {
  if (place.kind !== "layer") return place;
  const path = (await layers[place.layer]?.tar())?.path ?? "";
  return { kind: "range", path, offset: place.offset, size: place.size };
}

function numberOf({ ref }: Group): number {
  return ref.b?.number ?? ref.a?.number ?? 0;
}
