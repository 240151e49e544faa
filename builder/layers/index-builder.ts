import { bytesFrom, printable, type Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { orderHardlinks } from "./hardlinks.ts";
import { keepsData } from "./layer-recorder.ts";
import { comparePaths } from "./path-order.ts";
import type { TarVisitor } from "./read-tar.ts";
import { invalid } from "./invalid-archive.ts";
import type { LayerChange, LayerIndex } from "./types.ts";

type EntryChange = Extract<LayerChange, { kind: "entry" }>;

/** What a layer's tar said about one path. */
interface Spot {
  change?: EntryChange;
  /** When `change` came, counted in calls. */
  time: number;
  /** When something that is no directory last stood here: what came below before that is gone. */
  cut: number;
  whiteout: boolean;
  opaque: boolean;
}

/** Linux follows as many (path_resolution(7)). */
const MAX_LINKS = 40;
const MAX_STEPS = 8192;

/**
 * Makes the index of a layer whose tar somebody else wrote: in any order, with doubles of which the last one holds, with
 * entries behind symlinks of the same layer, which docker follows.
 */
export class IndexBuilder implements TarVisitor {
  readonly #spots = new Map<Bytes, Spot>();
  readonly #symlinks = new Map<Bytes, Bytes>();
  readonly #resolved = new Map<Bytes, Bytes>();
  #time = 0;
  #kept: { readonly spot: Spot; readonly chunks: Buffer[] } | undefined;

  entry(given: Entry, offset: number): void {
    this.#keep();
    const path = this.#place(given.path);
    let entry = path === given.path ? given : { ...given, path };
    if (entry.type === "hardlink" && entry.link !== undefined)
      entry = { ...entry, link: this.#place(entry.link) };
    const spot = this.#spot(path);
    spot.change = entry.type === "file" ? { kind: "entry", entry, offset } : { kind: "entry", entry };
    spot.time = ++this.#time;
    if (entry.type !== "directory") spot.cut = this.#time;
    if (entry.type === "symlink" || this.#symlinks.has(path)) {
      if (entry.type === "symlink") this.#symlinks.set(path, entry.link ?? ("" as Bytes));
      else this.#symlinks.delete(path);
      this.#resolved.clear();
    }
    if (keepsData(entry)) this.#kept = { spot, chunks: [] };
  }

  data(chunk: Buffer): void {
    this.#kept?.chunks.push(Buffer.from(chunk));
  }

  whiteout(path: Bytes): void {
    this.#keep();
    this.#spot(this.#place(path)).whiteout = true;
  }

  opaque(path: Bytes): void {
    this.#keep();
    this.#spot(path === "" ? path : this.#place(joinPath(path, "x"), true)).opaque = true;
  }

  finish(): LayerIndex {
    this.#keep();
    const paths = [...this.#spots.keys()].sort(comparePaths);
    const changes: LayerChange[] = [];
    /** Directories around the path that is looked at, outermost first. */
    const around: { readonly path: Bytes; readonly spot: Spot; readonly cut: number }[] = [];
    for (const path of paths) {
      const spot = this.#spots.get(path);
      if (spot === undefined) continue;
      while (around.length > 0 && !path.startsWith(`${around.at(-1)?.path}/`)) around.pop();
      const outer = around.at(-1);
      const cut = outer?.cut ?? 0;
      around.push({ path, spot, cut: Math.max(cut, spot.cut) });
      const change = spot.time > cut ? spot.change : undefined;
      const blocking = around.slice(0, -1).find((place) => isBlocking(place.spot));
      if (blocking !== undefined) {
        if (change === undefined) continue;
        throw invalid(
          `"${printable(path)}" lies below "${printable(blocking.path)}", which is not a directory`,
        );
      }
      const directory = change?.entry.type === "directory";
      if (spot.whiteout && change === undefined) changes.push({ kind: "whiteout", path });
      if (change !== undefined) changes.push(change);
      if ((spot.opaque && (directory || change === undefined)) || (spot.whiteout && directory)) {
        changes.push({ kind: "opaque", path });
      }
    }
    return { changes: orderHardlinks(changes) };
  }

  #spot(path: Bytes): Spot {
    const known = this.#spots.get(path);
    if (known !== undefined) return known;
    const spot: Spot = { time: 0, cut: 0, whiteout: false, opaque: false };
    this.#spots.set(path, spot);
    return spot;
  }

  #keep(): void {
    if (this.#kept === undefined) return;
    const { spot, chunks } = this.#kept;
    if (spot.change !== undefined) spot.change = { ...spot.change, data: bytesFrom(Buffer.concat(chunks)) };
    this.#kept = undefined;
  }

  /** Where a path leads when its parents go through symlinks of this layer; of the directory alone, on demand. */
  #place(path: Bytes, directoryOnly = false): Bytes {
    if (this.#symlinks.size === 0) return directoryOnly ? parentOf(path) : path;
    const parent = parentOf(path);
    let resolved = this.#resolved.get(parent);
    if (resolved === undefined) {
      resolved = this.#follow(parent);
      this.#resolved.set(parent, resolved);
    }
    return directoryOnly ? resolved : joinPath(resolved, baseOf(path));
  }

  #follow(path: Bytes): Bytes {
    const todo = path.split("/").reverse();
    let at = "" as Bytes;
    let links = 0;
    let steps = 0;
    while (todo.length > 0) {
      const name = todo.pop();
      if (++steps > MAX_STEPS) throw invalid(`"${printable(path)}" is a maze of symbolic links`);
      if (name === undefined || name === "" || name === ".") continue;
      if (name === "..") {
        at = parentOf(at);
        continue;
      }
      const next = joinPath(at, name);
      const target = this.#symlinks.get(next);
      if (target === undefined) {
        at = next;
        continue;
      }
      if (++links > MAX_LINKS) throw invalid(`"${printable(path)}" is a circle of symbolic links`);
      if (target.startsWith("/")) at = "" as Bytes;
      todo.push(...target.split("/").reverse());
    }
    return at;
  }
}

function isBlocking(spot: Spot): boolean {
  return spot.change !== undefined && spot.change.entry.type !== "directory";
}
