import { printable, type Bytes } from "../core/bytes.ts";
import type { Digest } from "../core/digest.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { baseOf, joinPath, parentOf } from "../core/paths.ts";
import { hashContent } from "./content-reader.ts";
import { asLink, orderHardlinks } from "./hardlinks.ts";
import { pathOf, sortChanges } from "./path-order.ts";
import type { NewChange, TreeEditor } from "./types.ts";

type Put = Extract<NewChange, { kind: "entry" }>;

/** An editor over a tree that stays as it is. */
export function editTree(base: Tree): TreeEditor {
  return new Editor(base);
}

class Editor implements TreeEditor {
  readonly #base: Tree;
  readonly #puts = new Map<Bytes, Put>();
  /** Names in a directory that were put, or below which something was. */
  readonly #names = new Map<Bytes, Set<Bytes>>();
  /** Where the base ends: what it has at and below these paths is gone. */
  readonly #cuts = new Set<Bytes>();
  /** A file that was put → its other names. */
  readonly #links = new Map<Bytes, Set<Bytes>>();
  readonly #hashes = new WeakMap<Put, Digest>();
  /** The directories that were last found not to be in the base, and to be in it: what is put comes directory by directory. */
  #bare: Bytes | undefined;
  #filled: Bytes | undefined;

  constructor(base: Tree) {
    this.#base = base;
  }

  stat(path: Bytes): Entry | undefined {
    return this.#puts.get(path)?.entry ?? this.#ofBase(path);
  }

  list(path: Bytes): readonly Bytes[] {
    if (this.stat(path)?.type !== "directory") return [];
    const own = this.#names.get(path);
    const base = this.#below(path)?.list(path) ?? [];
    if (own === undefined && this.#cuts.size === 0) return base;
    const names = new Set(base.filter((name) => !this.#cuts.has(joinPath(path, name))));
    for (const name of own ?? []) names.add(name);
    return [...names].sort();
  }

  hash(path: Bytes): Digest {
    const put = this.#filePut(path);
    if (put === undefined) return this.#base.hash(this.#baseFile(path));
    const known = this.#hashes.get(put) ?? hashContent(contentOfPut(put));
    this.#hashes.set(put, known);
    return known;
  }

  content(path: Bytes): Content {
    const put = this.#filePut(path);
    return put === undefined ? this.#base.content(this.#baseFile(path)) : contentOfPut(put);
  }

  put(entry: Entry, content?: Content): void {
    const { path } = entry;
    const parent = this.stat(parentOf(path));
    if (path === "" || parent?.type !== "directory") {
      throw new TsbuildError("INTERNAL", `Cannot put "${printable(path)}": its parent is not a directory`);
    }
    const there = this.stat(path);
    const directory = entry.type === "directory";
    if (there?.type === "directory" && !directory) {
      throw new TsbuildError(
        "COPY_CONFLICT",
        `Cannot replace "/${printable(path)}" with a file: it is a directory`,
        { hint: "remove it in an earlier step, or choose another destination" },
      );
    }
    if (there !== undefined && there.type !== "directory") this.#drop(path);
    this.#set(this.#standAlone(entry, content));
  }

  remove(path: Bytes): void {
    if (path === "" || this.stat(path) === undefined) return;
    this.#dropBelow(path);
    this.#drop(path);
    if (this.#below(path)?.stat(path) !== undefined) this.#cuts.add(path);
  }

  changes(): readonly NewChange[] {
    const changes: NewChange[] = [...this.#puts.values()];
    const known = new Set<Bytes>().add("" as Bytes);
    for (const path of this.#cuts) {
      const put = this.#puts.get(path)?.entry;
      // What is put in place of something else replaces it; only directories merge unless they say otherwise.
      if (put === undefined) changes.push({ kind: "whiteout", path });
      else if (put.type === "directory") changes.push({ kind: "opaque", path });
      known.add(path);
    }
    return orderHardlinks(sortChanges([...changes, ...this.#parentsOf(changes, known)]));
  }

  /**
   * A layer says what its directories are like: docker unpacks each layer into an empty directory, where a parent that
   * the layer leaves out becomes 0755 of root and hides what lower layers say (/tmp would lose its sticky bit).
   */
  #parentsOf(changes: readonly NewChange[], known: Set<Bytes>): NewChange[] {
    const parents: NewChange[] = [];
    let last: Bytes | undefined;
    for (const change of changes) {
      const parent = parentOf(pathOf(change));
      if (parent === last) continue;
      last = parent;
      for (let at = parent; !known.has(at) && !this.#puts.has(at); at = parentOf(at)) {
        known.add(at);
        const entry = this.stat(at);
        if (entry !== undefined) parents.push({ kind: "entry", entry });
      }
    }
    return parents;
  }

  #ofBase(path: Bytes): Entry | undefined {
    const parent = parentOf(path);
    if (parent === this.#bare) return undefined;
    const entry = this.#below(path)?.stat(path);
    if (entry !== undefined || parent === this.#filled) return entry;
    if (this.#base.stat(parent) === undefined) this.#bare = parent;
    else this.#filled = parent;
    return undefined;
  }

  /** The base, where it shows at this path. */
  #below(path: Bytes): Tree | undefined {
    if (this.#cuts.size === 0) return this.#base;
    for (let at = path; at !== ""; at = parentOf(at)) if (this.#cuts.has(at)) return undefined;
    return this.#base;
  }

  #filePut(path: Bytes): Put | undefined {
    const put = this.#puts.get(path);
    return put?.entry.type === "hardlink" ? this.#puts.get(put.entry.link ?? path) : put;
  }

  #baseFile(path: Bytes): Bytes {
    const put = this.#puts.get(path)?.entry;
    const file = put?.type === "hardlink" ? (put.link ?? path) : path;
    if (this.#below(file) !== undefined) return file;
    throw new TsbuildError("INTERNAL", `Cannot read "${printable(path)}": it is not there`);
  }

  /** A hard link to a file of the base becomes a file: docker unpacks a layer where lower layers are not. */
  #standAlone(entry: Entry, content: Content | undefined): Put {
    if (entry.type === "hardlink" && entry.link !== undefined) {
      const target = this.#puts.get(entry.link)?.entry;
      if (target?.type === "hardlink")
        return { kind: "entry", entry: { ...entry, link: target.link ?? entry.link } };
      const file = target === undefined ? this.stat(entry.link) : undefined;
      if (file !== undefined) {
        const { size } = file.type === "hardlink" ? (this.stat(file.link ?? entry.link) ?? file) : file;
        const { link, ...plain } = entry;
        return { kind: "entry", entry: { ...plain, type: "file", size }, content: this.content(link) };
      }
    }
    return { kind: "entry", entry, ...(content === undefined ? {} : { content }) };
  }

  #set(put: Put): void {
    const { path, type, link } = put.entry;
    this.#puts.set(path, put);
    // Up to the root, so that removing a directory of the base finds what was put below it.
    for (let at = path; at !== "" && addTo(this.#names, parentOf(at), baseOf(at)); at = parentOf(at));
    if (type === "hardlink" && link !== undefined) addTo(this.#links, link, path);
  }

  /** Forgets what was put at a path; another name of the file, where there is one, takes its place. */
  #drop(path: Bytes): void {
    const file = this.#filePut(path);
    const put = this.#puts.get(path);
    const others = [...(this.#links.get(path) ?? [])].sort();
    this.#links.delete(path);
    this.#names.get(parentOf(path))?.delete(baseOf(path));
    if (put !== undefined) {
      this.#puts.delete(path);
      if (put.entry.type === "hardlink") this.#links.get(put.entry.link ?? path)?.delete(path);
    }
    const [heir, ...rest] = others;
    if (heir === undefined) return;
    const origin = file?.entry ?? this.#base.stat(path);
    if (origin === undefined) return;
    const content = file === undefined ? this.#base.content(path) : file.content;
    this.#set({
      kind: "entry",
      entry: { ...origin, path: heir },
      ...(content === undefined ? {} : { content }),
    });
    for (const name of rest)
      this.#set({ kind: "entry", entry: { ...asLink(origin), path: name, link: heir } });
  }

  #dropBelow(path: Bytes): void {
    for (const name of this.#names.get(path) ?? []) {
      const inside = joinPath(path, name);
      this.#dropBelow(inside);
      this.#drop(inside);
    }
    this.#names.delete(path);
    const prefix = `${path}/`;
    for (const cut of this.#cuts) if (cut.startsWith(prefix)) this.#cuts.delete(cut);
  }
}

/** Whether it was new. */
function addTo(map: Map<Bytes, Set<Bytes>>, key: Bytes, value: Bytes): boolean {
  const set = map.get(key);
  if (set?.has(value) === true) return false;
  if (set === undefined) map.set(key, new Set([value]));
  else set.add(value);
  return true;
}

function contentOfPut(put: Put): Content {
  return put.content ?? { kind: "bytes", data: new Uint8Array() };
}
