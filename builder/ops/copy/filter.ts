import { bytesOf, type Bytes } from "../../core/bytes.ts";
import type { Tree } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { insideRoot } from "../../core/paths.ts";
import { hasWildcard } from "../../context/glob.ts";
import { cleanPattern, PatternList } from "../../context/patterns.ts";
import type { CopyOp, CopySource } from "../../graph/types.ts";
import { selectSources, type DescribeMissing, type Selected } from "./select.ts";
import type { Filter } from "./walk.ts";

/** One thing to copy, and what of it. */
export interface Selection {
  readonly selected: Selected;
  readonly filter: Filter;
}

/** All that one source of a COPY or ADD takes from a tree. */
export function selectionsOf(
  op: CopyOp,
  from: Exclude<CopySource, { from: "inline" }>,
  tree: Tree,
  describeMissing: DescribeMissing | undefined,
): Selection[] {
  const exclude = excludeOf(op);
  if (from.from === "remote") return selectFetched(from.path, tree, exclude);
  const source = from.path;
  if (op.parents) return selectWithParents(source, tree, exclude, describeMissing);
  return selectSources(tree, source, describeMissing)
    .filter(({ matched, name }) => !matched || exclude === undefined || exclude.decide(name, undefined) < 0)
    .map((selected) => ({ selected, filter: { exclude } }));
}

/** What ADD fetched is named by us: no pattern, no symlink, always there. */
function selectFetched(path: string, tree: Tree, exclude: PatternList | undefined): Selection[] {
  const name = bytesOf(path) as Bytes;
  const entry = tree.stat(name);
  if (entry === undefined) throw new TsbuildError("INTERNAL", `Cannot copy "${path}": it was not fetched`);
  return [{ selected: { path: name, name, entry, matched: false }, filter: { exclude } }];
}

/**
 * --parents: the path up to a pivot `/./`, or the root, is what is copied; the rest is a pattern for what of it, as
 * BuildKit has it (dockerfile2llb/convert_copy.go). Wildcards before the pivot may name several directories; a file that
 * they match is copied as it is. Only where there are no wildcards at all does the path have to exist.
 */
function selectWithParents(
  source: string,
  tree: Tree,
  exclude: PatternList | undefined,
  describeMissing: DescribeMissing | undefined,
): Selection[] {
  const pivot = source.indexOf("/./");
  const base = pivot < 0 ? "/" : source.slice(0, pivot);
  const pattern = insideRoot(bytesOf(pivot < 0 ? source : source.slice(pivot + 2)));
  if (!hasWildcard(base) && !hasWildcard(pattern))
    selectSources(tree, `${base}/${source.slice(pivot < 0 ? 0 : pivot + 2)}`, describeMissing);
  const include =
    pattern === "" ? undefined : new PatternList([cleanPattern(pattern)], () => "COPY --parents");
  return selectSources(tree, base, describeMissing).map((selected) => {
    const isDirectory = selected.entry.type === "directory";
    if (!isDirectory && !selected.matched)
      throw new TsbuildError("COPY_CONFLICT", `Cannot copy "${source}": "${base}" is not a directory`);
    return { selected, filter: isDirectory ? { include, exclude } : {} };
  });
}

function excludeOf(op: CopyOp): PatternList | undefined {
  const patterns = op.exclude
    .map((pattern): string => cleanPattern(bytesOf(pattern) as Bytes))
    .filter((text) => text !== "");
  return patterns.length === 0 ? undefined : new PatternList(patterns, () => "--exclude");
}
