import type { Bytes } from "../core/bytes.ts";
import type { Content } from "../core/entry.ts";
import { lowerBound } from "../layers/layer-ranges.ts";
import { pathOf } from "../layers/path-order.ts";
import type { Layer, LayerChange } from "../layers/types.ts";
import { alignLayers } from "./align.ts";
import { causeOfFile, LoneNames, type Contents } from "./causes.ts";
import { firstDifference } from "./contents.ts";
import { layerRefs } from "./layer-refs.ts";
import { compareLayers, wholeLayer } from "./layer-pairs.ts";
import { Turns } from "./turns.ts";
import type { ComparedImage, CompareOptions, FileDifference, LayerDifference } from "./types.ts";

/** What each layer does and its counterpart does not. */
export async function compareByLayers(
  a: ComparedImage,
  b: ComparedImage,
  options: CompareOptions,
): Promise<LayerDifference[]> {
  const refs = [layerRefs(a), layerRefs(b)] as const;
  const differences: LayerDifference[] = [];
  for (const pair of alignLayers(...refs)) {
    options.signal.throwIfAborted();
    const ours = pair.a && a.layers[pair.a.number - 1];
    const theirs = pair.b && b.layers[pair.b.number - 1];
    if (ours === undefined || theirs === undefined) {
      const only = ours ?? theirs;
      if (only === undefined) continue;
      const files = wholeLayer(await only.index(), ours === undefined ? "added" : "removed");
      differences.push({ ...pair, repacked: false, files });
      continue;
    }
    const reader = new PairReader(ours, theirs, options.signal);
    const files = await compareLayers(await ours.index(), await theirs.index(), (x, y) =>
      reader.differs(x, y),
    );
    const explained: FileDifference[] = [];
    const names = new LoneNames(files);
    for (const file of files) {
      const cause = options.explain ? causeOfFile(file, await reader.contentsOf(file), names) : undefined;
      explained.push(cause === undefined ? file : { ...file, cause });
    }
    differences.push({ ...pair, repacked: files.length === 0, files: explained });
  }
  return differences;
}

/** The bytes of files of one layer and of another. */
class PairReader {
  readonly #a: Layer;
  readonly #b: Layer;
  readonly #turns: Turns;
  readonly #differing = new Map<string, Contents>();

  constructor(a: Layer, b: Layer, signal: AbortSignal) {
    this.#a = a;
    this.#b = b;
    this.#turns = new Turns(signal);
  }

  async differs(a: LayerChange, b: LayerChange): Promise<boolean> {
    if (a.kind !== "entry" || b.kind !== "entry") return false;
    await this.#turns.take();
    const contents = { a: await contentIn(this.#a, a), b: await contentIn(this.#b, b) };
    const at = firstDifference(contents.a, contents.b);
    if (at !== undefined) this.#differing.set(a.entry.path, { ...contents, at });
    return at !== undefined;
  }

  /** Of a file with other bytes: where both lie, and where they first differ. */
  async contentsOf(file: FileDifference): Promise<Contents | undefined> {
    const known = this.#differing.get(file.path);
    if (known !== undefined || !file.aspects.includes("content")) return known;
    const changes = await Promise.all([this.#a, this.#b].map((layer) => entryIn(layer, file)));
    const [ours, theirs] = changes;
    if (ours === undefined || theirs === undefined) return undefined;
    const contents = { a: await contentIn(this.#a, ours), b: await contentIn(this.#b, theirs) };
    return { ...contents, at: firstDifference(contents.a, contents.b) ?? 0 };
  }
}

type EntryChange = Extract<LayerChange, { kind: "entry" }>;

async function entryIn(layer: Layer, { path }: FileDifference): Promise<EntryChange | undefined> {
  const { changes } = await layer.index();
  for (let at = lowerBound(changes, path, 0, changes.length); at < changes.length; at++) {
    const change = changes[at];
    if (change === undefined || pathOf<Bytes>(change) !== path) break;
    if (change.kind === "entry") return change;
  }
  return undefined;
}

async function contentIn(layer: Layer, { entry, offset, data }: EntryChange): Promise<Content> {
  if (data !== undefined) return { kind: "bytes", data: Buffer.from(data, "latin1") };
  return { kind: "range", path: (await layer.tar()).path, offset: offset ?? 0, size: entry.size };
}
