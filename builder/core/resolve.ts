import { TsbuildError } from "./errors.ts";
import { printable, type Bytes } from "./bytes.ts";
import type { Entry, Tree } from "./entry.ts";
import { joinPath, parentOf } from "./paths.ts";

/** As BuildKit's fs.RootPath: a path that crosses more links than this is a loop. */
const MAX_LINKS = 255;

export interface Resolved {
  /** Where the path leads: none of its existing parents is a symlink. */
  readonly path: Bytes;
  /** What is there; undefined where nothing is (parents may be missing too). */
  readonly entry: Entry | undefined;
}

/**
 * Follows symlinks inside a tree as a process does whose root directory the tree is: absolute targets begin at the
 * tree's root and `..` stops there, so that no path leaves it. `followLast` decides on the last component.
 */
export function resolveInTree(tree: Pick<Tree, "stat">, path: string, followLast: boolean): Resolved {
  const todo = path.split("/").reverse();
  let at = "" as Bytes;
  let links = 0;
  while (todo.length > 0) {
    const name = todo.pop();
    if (name === undefined || name === "" || name === ".") continue;
    if (name === "..") {
      at = parentOf(at);
      continue;
    }
    const next = joinPath(at, name);
    const entry = tree.stat(next);
    if (entry?.type === "symlink" && (followLast || todo.some((part) => part !== "" && part !== "."))) {
      if (++links > MAX_LINKS) {
        throw new TsbuildError(
          "COPY_CONFLICT",
          `Cannot follow "${printable(path)}": it crosses more than ${MAX_LINKS} symbolic links`,
        );
      }
      const target = entry.link ?? "";
      if (target.startsWith("/")) at = "" as Bytes;
      todo.push(...target.split("/").reverse());
    } else {
      at = next;
    }
  }
  return { path: at, entry: tree.stat(at) };
}
