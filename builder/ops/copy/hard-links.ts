import type { Bytes } from "../../core/bytes.ts";
import type { Entry, Tree } from "../../core/entry.ts";

/** Files with several names stay one file within one COPY (BuildKit: fsutil, copier.inodes). */
export class HardLinks {
  readonly #first = new Map<string, { readonly source: Bytes; readonly dest: Bytes }>();
  readonly #keys = new Map<Bytes, string>();
  readonly #trees = new Map<Tree, number>();

  /**
   * The destination of an earlier name of the same file, where there is one; else `dest` is from now on. The same name
   * copied twice makes two files.
   */
  earlier(tree: Tree, entry: Entry, dest: Bytes): Bytes | undefined {
    this.#forget(dest);
    const id = tree.linkId === undefined ? (entry.link ?? entry.path) : tree.linkId(entry.path);
    if (id === undefined) return undefined;
    const key = `${this.#number(tree)}:${id}`;
    const first = this.#first.get(key);
    if (first !== undefined && first.source !== entry.path) return first.dest;
    this.#first.set(key, { source: entry.path, dest });
    this.#keys.set(dest, key);
    return undefined;
  }

  /** What was at a path is overwritten: nothing may be linked to it any more. */
  #forget(path: Bytes): void {
    const key = this.#keys.get(path);
    if (key === undefined) return;
    this.#keys.delete(path);
    if (this.#first.get(key)?.dest === path) this.#first.delete(key);
  }

  #number(tree: Tree): number {
    const number = this.#trees.get(tree) ?? this.#trees.size;
    this.#trees.set(tree, number);
    return number;
  }
}
