import type { Bytes } from "../core/bytes.ts";
import { bytesOf } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import type { EntryVisitor } from "../../runtime/types.ts";

/**
 * Leaves out the empty files and directories that were made for things to be mounted on, as long as the container runs or
 * where its supervisor was killed; directories on the way to them too, where nothing else is in them.
 */
export class WithoutStubs implements EntryVisitor {
  readonly #visit: EntryVisitor;
  readonly #targets: ReadonlySet<Bytes>;
  readonly #parents: ReadonlySet<Bytes>;
  readonly #isBelow: (path: Bytes) => boolean;
  /** Directories that are on the way to a mount, and perhaps to more. */
  #pending: Entry[] = [];
  #skips = false;

  /** `mounts`: absolute paths; `isBelow`: whether lower layers have something at a path. */
  constructor(visit: EntryVisitor, mounts: readonly string[], isBelow: (path: Bytes) => boolean) {
    const targets = mounts.map(targetOf);
    this.#visit = visit;
    this.#targets = new Set(targets);
    this.#parents = waysTo(mounts);
    this.#isBelow = isBelow;
  }

  entry(entry: Entry): void {
    const isEmpty = entry.type === "directory" || (entry.type === "file" && entry.size === 0);
    const isTarget = this.#targets.has(entry.path);
    const isWay = entry.type === "directory" && this.#parents.has(entry.path);
    this.#skips = isEmpty && (isTarget || isWay) && !this.#isBelow(entry.path);
    if (this.#skips) {
      if (entry.type === "directory") this.#pending.push(entry);
      return;
    }
    this.#arrive(entry.path);
    this.#visit.entry(entry);
  }

  data(chunk: Buffer): void {
    if (!this.#skips) this.#visit.data(chunk);
  }

  whiteout(path: Bytes): void {
    this.#arrive(path);
    this.#visit.whiteout(path);
  }

  opaque(path: Bytes): void {
    this.#arrive(path);
    this.#visit.opaque(path);
  }

  /** Something of the container's own: the directories that it is in are, too. */
  #arrive(path: Bytes): void {
    for (const directory of this.#pending)
      if (path.startsWith(`${directory.path}/`)) this.#visit.entry(directory);
    this.#pending = [];
  }
}

/** The directories that absolute paths lie in, relative to the root. */
export function waysTo(mounts: readonly string[]): ReadonlySet<Bytes> {
  return new Set(mounts.map(targetOf).flatMap(parentsOf));
}

function targetOf(path: string): Bytes {
  return bytesOf(path.split("/").filter(Boolean).join("/"));
}

function parentsOf(path: Bytes): Bytes[] {
  const parts = path.split("/");
  return parts.slice(1).map((_part, at) => parts.slice(0, at + 1).join("/") as Bytes);
}
