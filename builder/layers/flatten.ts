import type { Bytes } from "../core/bytes.ts";
import type { Tree } from "../core/entry.ts";
import { joinPath } from "../core/paths.ts";
import { asLink } from "./hardlinks.ts";
import type { NewChange } from "./types.ts";

/** A whole tree as the changes of one layer, in its order. Names of one file stay names of one file. */
export function* flatten(tree: Tree, from = "" as Bytes): Generator<NewChange> {
  yield* walk(tree, from, new Map(), new Set());
}

/** The same with one time for every file; as they are where that is undefined. */
export function* dated(changes: Iterable<NewChange>, epoch: number | undefined): Generator<NewChange> {
  for (const change of changes) {
    if (epoch === undefined || change.kind !== "entry") yield change;
    else yield { ...change, entry: { ...change.entry, mtime: epoch } };
  }
}

/** `firstNames`: a file → the name that it was given as, where a link to it came before it. */
function* walk(
  tree: Tree,
  directory: Bytes,
  firstNames: Map<Bytes, Bytes>,
  given: Set<Bytes>,
): Generator<NewChange> {
  for (const name of tree.list(directory)) {
    const path = joinPath(directory, name);
    const entry = tree.stat(path);
    if (entry === undefined) continue;
    if (entry.type === "file") {
      const first = firstNames.get(path);
      if (first !== undefined) yield { kind: "entry", entry: { ...asLink(entry), link: first } };
      else {
        given.add(path);
        yield { kind: "entry", entry, content: tree.content(path) };
      }
    } else if (entry.type === "hardlink") {
      const target = entry.link ?? path;
      const first = given.has(target) ? target : firstNames.get(target);
      if (first !== undefined) yield { kind: "entry", entry: { ...entry, link: first } };
      else {
        firstNames.set(target, path);
        const file = tree.stat(target) ?? entry;
        yield { kind: "entry", entry: { ...file, path }, content: tree.content(path) };
      }
    } else yield { kind: "entry", entry };
    if (entry.type === "directory") yield* walk(tree, path, firstNames, given);
  }
}
