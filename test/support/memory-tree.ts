import { bytesFrom, bytesOf, toBuffer, type Bytes } from "../../builder/core/bytes.ts";
import { sha256, type Digest } from "../../builder/core/digest.ts";
import type { Content, Entry, Tree } from "../../builder/core/entry.ts";
import { baseOf, parentOf } from "../../builder/core/paths.ts";

/** A file of a tree in memory: text is a regular file; the rest of an entry where it matters. */
export type MemoryFile =
  | string
  | (Partial<Omit<Entry, "path" | "link">> & { readonly data?: string | Uint8Array; readonly link?: string });

/** A tree in memory: path → file. Parents that are not named are directories; a name with `/` at its end is one. */
export function memoryTree(files: Readonly<Record<string, MemoryFile>>): Tree {
  return new MemoryTree(files);
}

/** Times of all that `memoryTree` is not told the time of. */
export const MEMORY_TIME = 1_000_000;

class MemoryTree implements Tree {
  readonly #entries = new Map<Bytes, Entry>();
  readonly #data = new Map<Bytes, Bytes>();

  constructor(files: Readonly<Record<string, MemoryFile>>) {
    this.#add("" as Bytes, { type: "directory" });
    for (const [name, file] of Object.entries(files)) {
      const path = bytesOf(name.replace(/\/$/, ""));
      if (typeof file === "string") this.#add(path, { data: file });
      else this.#add(path, name.endsWith("/") ? { type: "directory", ...file } : file);
    }
  }

  stat(path: Bytes): Entry | undefined {
    return this.#entries.get(path);
  }

  list(path: Bytes): readonly Bytes[] {
    if (this.stat(path)?.type !== "directory") return [];
    const inside = [...this.#entries.keys()].filter((name) => name !== "" && parentOf(name) === path);
    return inside.map(baseOf).sort();
  }

  hash(path: Bytes): Digest {
    return sha256(toBuffer(this.#bytes(path)));
  }

  content(path: Bytes): Content {
    return { kind: "bytes", data: toBuffer(this.#bytes(path)) };
  }

  #bytes(path: Bytes): Bytes {
    const entry = this.#entries.get(path);
    return this.#data.get(entry?.type === "hardlink" ? (entry.link ?? path) : path) ?? ("" as Bytes);
  }

  #add(path: Bytes, file: Exclude<MemoryFile, string>): void {
    if (path !== "" && !this.#entries.has(parentOf(path))) this.#add(parentOf(path), { type: "directory" });
    const { data, link, ...rest } = file;
    const type = file.type ?? (link === undefined ? "file" : "symlink");
    const bytes = typeof data === "object" ? bytesFrom(data) : bytesOf(data ?? "");
    if (type === "file") this.#data.set(path, bytes);
    this.#entries.set(path, {
      path,
      mode: type === "directory" ? 0o755 : type === "symlink" ? 0o777 : 0o644,
      uid: 0,
      gid: 0,
      size: bytes.length,
      mtime: MEMORY_TIME,
      ...rest,
      type,
      ...(link === undefined ? {} : { link: bytesOf(link) }),
    });
  }
}

/**
 * A tree as lines, for comparing: `path type mode uid:gid`, then what a link leads to or a short file's bytes, then the
 * time where it is not `MEMORY_TIME`.
 */
export function describeTree(tree: Tree, from = "" as Bytes): string[] {
  return tree.list(from).flatMap((name) => {
    const path = (from === "" ? name : `${from}/${name}`) as Bytes;
    const entry = tree.stat(path);
    if (entry === undefined) return [`${path} is listed but not there`];
    const { type, mode, uid, gid, link, mtime } = entry;
    const words = [path, type, mode.toString(8), `${uid}:${gid}`];
    if (link !== undefined) words.push(`-> ${link}`);
    if (type === "file") words.push(JSON.stringify(textOf(tree.content(path))));
    if (mtime !== MEMORY_TIME) words.push(`@${mtime}`);
    return [words.join(" "), ...(type === "directory" ? describeTree(tree, path) : [])];
  });
}

function textOf(content: Content): string {
  return content.kind === "bytes" ? Buffer.from(content.data).toString("latin1") : `(${content.kind})`;
}
