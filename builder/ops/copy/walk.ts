import type { Bytes } from "../../core/bytes.ts";
import type { Entry, Tree } from "../../core/entry.ts";
import { joinPath } from "../../core/paths.ts";
import type { MatchState, PatternList } from "../../context/patterns.ts";

/** What of a directory is copied; paths are relative to it. */
export interface Filter {
  /** --parents: only what matches, and what is in a directory that does. */
  readonly include?: PatternList | undefined;
  /** --exclude. */
  readonly exclude?: PatternList | undefined;
}

/**
 * Called for everything in a directory that passes the filter, a directory before what is in it. `isParent` is set for a
 * directory that does not pass but holds something that does.
 */
export type Visit = (relative: Bytes, entry: Entry, isParent: boolean) => void;

interface Level {
  readonly relative: Bytes;
  readonly include: MatchState;
  readonly exclude: MatchState;
}

/** Walks a directory of a tree in the order of bytes, without what the filter takes out. Symlinks are not followed. */
export function walkTree(tree: Tree, root: Bytes, filter: Filter, visit: Visit): void {
  const { include, exclude } = filter;
  const waiting: { readonly relative: Bytes; readonly entry: Entry }[] = [];

  const flush = (): void => {
    for (const parent of waiting) visit(parent.relative, parent.entry, true);
    waiting.length = 0;
  };

  const walk = (level: Level): void => {
    for (const name of tree.list(below(root, level.relative))) {
      const relative = joinPath(level.relative, name);
      const entry = tree.stat(below(root, relative));
      if (entry === undefined) continue;
      const taken = include === undefined || include.decide(relative, level.include) >= 0;
      const left = exclude !== undefined && exclude.decide(relative, level.exclude) >= 0;
      const passes = taken && !left;
      if (passes) {
        flush();
        visit(relative, entry, false);
      }
      if (entry.type !== "directory") continue;
      if (!taken && include?.couldMatchBelow(relative) !== true) continue;
      if (left && !exclude.couldBringBackBelow(relative)) continue;
      if (!passes) waiting.push({ relative, entry });
      walk({
        relative,
        include: include?.enter(relative, level.include),
        exclude: exclude?.enter(relative, level.exclude),
      });
      if (!passes && waiting.at(-1)?.relative === relative) waiting.pop();
    }
  };
  walk({ relative: "" as Bytes, include: undefined, exclude: undefined });
}

/** A path relative to a directory, from the root of the tree. */
export function below(directory: Bytes, relative: Bytes): Bytes {
  return relative === "" ? directory : joinPath(directory, relative);
}
