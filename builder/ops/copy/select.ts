import { bytesOf, printable, type Bytes } from "../../core/bytes.ts";
import type { Entry, Tree } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { baseOf, insideRoot, joinPath, parentOf } from "../../core/paths.ts";
import { resolveInTree } from "../../core/resolve.ts";
import { nearest } from "../../core/suggest.ts";
import { compileGlob, hasWildcard } from "../../context/glob.ts";
import { below } from "./walk.ts";

/** One thing that a source of COPY means. */
export interface Selected {
  /** Where it is, symlinks followed. */
  readonly path: Bytes;
  /** The last part of the path that was asked for, or that matched: a file's name at the destination. */
  readonly name: Bytes;
  readonly entry: Entry;
  /** A pattern found it. */
  readonly matched: boolean;
}

/** Says why a path is not in a tree: which ignore pattern hides it. */
export type DescribeMissing = (path: Bytes) => string | undefined;

/** What a source path or pattern means in a tree: a path must exist, a pattern may match nothing. */
export function selectSources(tree: Tree, source: string, describeMissing?: DescribeMissing): Selected[] {
  const path = insideRoot(bytesOf(source));
  const paths = hasWildcard(path) ? matchPattern(tree, path) : [path];
  return paths.map((found) => {
    const { path: at, entry } = resolveInTree(tree, found, true);
    if (entry === undefined) throw sourceNotFound(tree, source, found, at, describeMissing);
    return { path: at, name: baseOf(found), entry, matched: found !== path };
  });
}

/**
 * Matches as BuildKit does (fsutil copy.ResolveWildcards): the components before the first one with a wildcard are plain
 * names and symlinks in them are followed; below them the pattern is held against whole relative paths, symlinks are not
 * followed, and what is in a matched directory is not looked at.
 */
function matchPattern(tree: Tree, path: Bytes): Bytes[] {
  const parts = path.split("/");
  const first = parts.findIndex(hasWildcard);
  const base = resolveInTree(tree, parts.slice(0, first).join("/"), true);
  const glob = compileGlob(parts.slice(first).join("/"), false);
  const found: Bytes[] = [];
  if (glob === undefined) {
    throw new TsbuildError(
      "DOCKERFILE_INVALID",
      `Cannot use the pattern "${printable(path)}": it is malformed`,
      {
        hint: "close every [ with a ], and write \\ before a character that is meant literally",
      },
    );
  }
  const walk = (directory: Bytes): void => {
    for (const name of tree.list(below(base.path, directory))) {
      const relative = joinPath(directory, name);
      const at = below(base.path, relative);
      if (glob.matches(relative)) found.push(at);
      else if (glob.couldMatchBelow(relative) && tree.stat(at)?.type === "directory") walk(relative);
    }
  };
  if (base.entry?.type === "directory") walk("" as Bytes);
  return found;
}

function sourceNotFound(
  tree: Tree,
  source: string,
  asked: Bytes,
  at: Bytes,
  describeMissing: DescribeMissing | undefined,
): TsbuildError {
  const hint = describeMissing?.(at) ?? describeMissing?.(asked) ?? nearestName(tree, at);
  const link = asked === at ? "" : ` (it leads to "/${printable(at)}")`;
  return new TsbuildError("COPY_SOURCE_NOT_FOUND", `Cannot copy "${source}": it does not exist${link}`, {
    hint,
  });
}

/** The nearest name beside the first component of a path that is missing. */
function nearestName(tree: Tree, path: Bytes): string | undefined {
  let missing = path;
  while (missing !== "" && tree.stat(parentOf(missing)) === undefined) missing = parentOf(missing);
  const directory = parentOf(missing);
  const name = nearest(printable(baseOf(missing)), tree.list(directory).map(printable));
  return name === undefined ? undefined : `did you mean "${printable(joinPath(directory, ""))}${name}"?`;
}
