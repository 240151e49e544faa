import type { Bytes } from "../../core/bytes.ts";
import type { Entry, Tree } from "../../core/entry.ts";

/**
 * Files with several names stay one file within one directory that is copied. What BuildKit copies by another source, or
 * as another match of a wildcard, becomes a file of its own (fsutil, copier.inodes; solver/llbsolver/file, docopy).
 */
export class HardLinks {
  readonly #tree: Tree;
  readonly #first = new Map<string, Bytes>();

  constructor(tree: Tree) {
    this.#tree = tree;
  }

  /** The destination of an earlier name of the same file, where there is one; else `dest` is from now on. */
  earlier(entry: Entry, dest: Bytes): Bytes | undefined {
    const tree = this.#tree;
    const id = tree.linkId === undefined ? (entry.link ?? entry.path) : tree.linkId(entry.path);
    if (id === undefined) return undefined;
    const first = this.#first.get(id);
    if (first === undefined) this.#first.set(id, dest);
    return first;
  }
}
