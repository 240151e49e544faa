import { printable, type Bytes } from "../core/bytes.ts";
import { sha256, type Digest } from "../core/digest.ts";
import type { Content, Entry, Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { baseOf, parentOf } from "../core/paths.ts";

/** A regular file of an `EntryTree`: where its bytes lie, and their digest. */
export interface FileBody {
  readonly content: Content;
  readonly digest: Digest;
  /** Equal for the names of one file. */
  readonly linkId?: string;
}

interface Node {
  readonly entry: Entry;
  body: FileBody | undefined;
}

/** A tree that is written down entry by entry: an archive or a commit. What comes later replaces what was there. */
export class EntryTree implements Tree {
  readonly #nodes = new Map<Bytes, Node>();
  readonly #names = new Map<Bytes, Set<Bytes>>();
  readonly #mtime: number;

  /** `mtime`: of directories that nothing describes. */
  constructor(mtime: number) {
    this.#mtime = mtime;
    this.#set(this.#directory("" as Bytes), undefined);
  }

  /** Directories above it that are missing are made; anything else in their place is replaced. */
  put(entry: Entry, body?: FileBody): void {
    const { path } = entry;
    if (path === "") {
      if (entry.type === "directory") this.#set(entry, undefined);
      return;
    }
    this.#makeParents(path);
    const there = this.#nodes.get(path)?.entry.type;
    if (there === "directory" && entry.type !== "directory") this.#remove(path);
    this.#set(entry, body);
  }

  /** Another name of a file that is there. */
  link(entry: Entry, target: Bytes): boolean {
    const node = this.#nodes.get(target);
    if (node === undefined || node.entry.type === "directory") return false;
    if (target === entry.path) return true;
    const { body } = node;
    if (body !== undefined) node.body = { ...body, linkId: body.linkId ?? target };
    this.put({ ...node.entry, path: entry.path }, node.body);
    return true;
  }

  stat(path: Bytes): Entry | undefined {
    return this.#nodes.get(path)?.entry;
  }

  list(path: Bytes): readonly Bytes[] {
    return [...(this.#names.get(path) ?? [])].sort();
  }

  hash(path: Bytes): Digest {
    return this.#body(path).digest;
  }

  content(path: Bytes): Content {
    return this.#body(path).content;
  }

  linkId(path: Bytes): string | undefined {
    return this.#nodes.get(path)?.body?.linkId;
  }

  /** The time of the newest regular file. */
  newest(): number | undefined {
    let newest: number | undefined;
    for (const { entry } of this.#nodes.values())
      if (entry.type === "file" && entry.mtime > (newest ?? -Infinity)) newest = entry.mtime;
    return newest;
  }

  /** Every entry with its body, parents first. */
  *entries(): Generator<readonly [Entry, FileBody | undefined]> {
    const paths = [...this.#nodes.keys()].sort();
    for (const path of paths) {
      const node = this.#nodes.get(path);
      if (node !== undefined) yield [node.entry, node.body];
    }
  }

  #body(path: Bytes): FileBody {
    const node = this.#nodes.get(path);
    if (node?.entry.type === "file") return node.body ?? EMPTY;
    throw new TsbuildError("INTERNAL", `Cannot read "${printable(path)}": it is no file`);
  }

  #makeParents(path: Bytes): void {
    const missing: Bytes[] = [];
    for (let at = parentOf(path); this.#nodes.get(at)?.entry.type !== "directory"; at = parentOf(at))
      missing.push(at);
    for (const parent of missing.reverse()) this.#set(this.#directory(parent), undefined);
  }

  #set(entry: Entry, body: FileBody | undefined): void {
    const { path } = entry;
    this.#nodes.set(path, { entry, body });
    if (entry.type === "directory" && !this.#names.has(path)) this.#names.set(path, new Set());
    if (path !== "") this.#names.get(parentOf(path))?.add(baseOf(path));
  }

  #remove(path: Bytes): void {
    const todo = [path];
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      for (const name of this.#names.get(at) ?? []) todo.push(`${at}/${name}` as Bytes);
      this.#names.delete(at);
      this.#nodes.delete(at);
    }
  }

  #directory(path: Bytes): Entry {
    return { path, type: "directory", mode: 0o755, uid: 0, gid: 0, size: 0, mtime: this.#mtime };
  }
}

const EMPTY: FileBody = { content: { kind: "bytes", data: new Uint8Array() }, digest: sha256("") };
