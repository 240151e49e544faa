import type { Found, FoundFolder, FoundRecord, Item } from "./types.ts";
import type { DiffId } from "../core/digest.ts";

/** An item and what it is made of, in the order in which that has to go. */
export interface Thing {
  readonly item: Item;
  readonly records: readonly FoundRecord[];
  /** The file that says that the rest is there: who uses the item touches it. */
  readonly gate?: Found;
  readonly layer?: DiffId;
  readonly files: readonly Found[];
  readonly folders: readonly FoundFolder[];
  /** How many records rest on it: of equally old layers the upper ones go first. */
  readonly weight: number;
}

type Parts = Partial<Omit<Thing, "item">>;

interface Facts {
  readonly time?: number;
  readonly keptBy?: Iterable<string>;
}

/** Things as they are found, each file and folder in one of them. */
export class ThingList {
  readonly things: Thing[] = [];
  readonly #owned = new Set<string>();
  readonly #horizon: number;

  /** `horizon`: what was used since may be in use (ms). */
  constructor(horizon: number) {
    this.#horizon = horizon;
  }

  /** What `map` has under `key`, where no other thing has it: it is part of the next one. */
  take<K, T extends Found | FoundFolder>(map: ReadonlyMap<K, T>, key: K | undefined): T[] {
    const found = key === undefined ? undefined : map.get(key);
    if (found === undefined || this.isOwned(found)) return [];
    this.#owned.add(pathOf(found));
    return [found];
  }

  isOwned(found: Found | FoundFolder): boolean {
    return this.#owned.has(pathOf(found));
  }

  add(kind: Item["kind"], id: string, description: string, parts: Parts, facts: Facts = {}): void {
    const { records = [], files = [], folders = [], gate, weight = 0 } = parts;
    const own = kind === "layer" ? [] : [...files, ...folders.map(({ file }) => file)];
    const uses = [...(gate === undefined ? own : [gate]), ...records.flatMap(keyFiles)];
    const lastUsed = facts.time ?? uses.reduce((last, { mtimeMs }) => Math.max(last, mtimeMs), 0);
    const keptBy = [...(facts.keptBy ?? [])].sort();
    // Of several layers' records each counts where it is the last.
    const recorded =
      kind === "layer" ? records.filter((record) => record.layers.at(-1) === parts.layer) : records;
    const counted = [
      ...files,
      ...(gate === undefined ? [] : [gate]),
      ...recorded.flatMap(keyFiles),
      ...folders,
    ];
    const item: Item = {
      kind,
      id,
      description,
      size: counted.reduce((sum, { size }) => sum + size, 0),
      created: recorded.reduce((first, { created }) => Math.min(first, created), lastUsed),
      lastUsed,
      keptBy,
      inUse: lastUsed >= this.#horizon,
      shared: keptBy.length > 1 || (keptBy.length > 0 && records.length > 0),
    };
    this.things.push({ ...parts, item, records, files, folders, weight });
  }
}

/** A record's own file, and those of the keys that lead to it. */
function keyFiles({ file, aliases }: FoundRecord): Found[] {
  return [file, ...aliases.map((alias) => alias.file)];
}

function pathOf(found: Found | FoundFolder): string {
  return "file" in found ? found.file.path : found.path;
}
