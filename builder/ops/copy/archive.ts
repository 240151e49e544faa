import { closeSync, openSync, writeSync } from "node:fs";
import { printable, type Bytes } from "../../core/bytes.ts";
import type { Entry } from "../../core/entry.ts";
import { errnoOf, TsbuildError } from "../../core/errors.ts";
import { parentOf } from "../../core/paths.ts";
import { resolveInTree } from "../../core/resolve.ts";
import type { TreeEditor } from "../../layers/types.ts";
import { isArchive, openArchive } from "./archive-source.ts";
import { makeDirectories, type NewDirectory } from "./destination.ts";
import { ROOT, type Owner } from "./owner.ts";
import type { Unpack } from "./plan.ts";
import { below } from "./walk.ts";

export interface UnpackOptions {
  readonly editor: TreeEditor;
  /** --chown; else every file has the owner that the archive says. */
  readonly owner?: Owner | undefined;
  /** A path for a file that has to stay until the layer is sealed: the uncompressed archive, where the files' bytes lie. */
  spool(): string;
}

/**
 * What ADD does with a local file: unpacks it into a directory of the editor, if its content is an archive. The rules are
 * those of BuildKit (solver/llbsolver/file/unpack.go, unpack_root.go): the destination is the archive's root directory,
 * which no name and no link in it leaves.
 */
export function unpackArchive(options: UnpackOptions): Unpack {
  return async (content, dest, now) => {
    if (!(await isArchive(content))) return false;
    const directory = { mode: 0o755, owner: options.owner ?? ROOT, mtime: now };
    makeDirectories(options.editor, dest, directory);
    const spool = options.spool();
    const { readTar } = await import("../../layers/read-tar.ts");
    const unpacker = new Unpacker(options, dest, spool, now);
    const visitor = {
      entry: (entry: Entry, offset: number) => unpacker.add(entry, offset),
      data: ignore,
      whiteout: ignore,
      opaque: ignore,
    };
    await readTar(spooled(openArchive(content), spool), visitor, { whiteouts: false });
    return true;
  };
}

function ignore(): void {
  // The bytes are read from the spool when the layer is sealed.
}

class Unpacker {
  readonly #editor: TreeEditor;
  readonly #owner: Owner | undefined;
  readonly #implied: NewDirectory;
  readonly #dest: Bytes;
  readonly #spool: string;
  /** Regular files of this archive: what a hard link of its own layer can lead to. */
  readonly #files = new Set<Bytes>();

  constructor({ editor, owner }: UnpackOptions, dest: Bytes, spool: string, now: number) {
    this.#editor = editor;
    this.#owner = owner;
    this.#implied = { mode: 0o755, owner: ROOT, mtime: now };
    this.#dest = dest;
    this.#spool = spool;
  }

  add(entry: Entry, offset: number): void {
    // Symlinks are followed on the way to a name, and replaced where they have it: also by a directory.
    const path = this.#resolve(entry.path);
    if (path === this.#dest) return;
    makeDirectories(this.#editor, parentOf(path), this.#implied);
    const existing = this.#editor.stat(path);
    if (existing?.type === "directory" && entry.type !== "directory") this.#editor.remove(path);
    const { uid, gid } = this.#owner ?? entry;
    // Linux has no other mode for symlinks, whatever the archive says.
    const mode = entry.type === "symlink" ? 0o777 : entry.mode;
    const put: Entry = { ...entry, path, mode, uid, gid };
    if (entry.type === "hardlink") {
      this.#link(put, this.#resolve(entry.link ?? entry.path));
      return;
    }
    if (entry.type === "directory" && existing !== undefined && existing.type !== "directory")
      this.#editor.remove(path);
    if (entry.type === "file") {
      this.#files.add(path);
      this.#editor.put(put, { kind: "range", path: this.#spool, offset, size: entry.size });
    } else {
      this.#files.delete(path);
      this.#editor.put(put);
    }
  }

  /** A link to what the archive does not have itself is a copy of it: a layer cannot link into the layers below. */
  #link(put: Entry, target: Bytes): void {
    const there = target === put.path ? undefined : this.#editor.stat(target);
    if (there === undefined || there.type === "directory") {
      const what = there === undefined ? "which does not exist" : "which is a directory";
      throw new TsbuildError(
        "ARCHIVE_INVALID",
        `Cannot read the archive: "${printable(put.path)}" is a hard link to "${printable(target)}", ${what}`,
      );
    }
    const file = there.type === "hardlink" ? (there.link ?? target) : target;
    // Already a name of that file, the first one.
    if (file === put.path) return;
    if (this.#files.has(file))
      this.#editor.put({ ...there, path: put.path, type: "hardlink", size: 0, link: file });
    else if (there.type === "file" || there.type === "hardlink") {
      const source = this.#editor.stat(file) ?? there;
      this.#editor.put({ ...source, path: put.path }, this.#editor.content(file));
    } else this.#editor.put({ ...there, path: put.path });
  }

  /** Follows symlinks as a process does whose root directory is the destination. */
  #resolve(path: Bytes): Bytes {
    const inside = { stat: (name: Bytes) => this.#editor.stat(below(this.#dest, name)) };
    return below(this.#dest, resolveInTree(inside, path, false).path);
  }
}

/** Passes an archive on, and writes it to a file on its way. */
async function* spooled(source: AsyncIterable<Buffer>, path: string): AsyncGenerator<Buffer> {
  const fd = openSync(path, "wx", 0o600);
  try {
    for await (const chunk of source) {
      for (let done = 0; done < chunk.length;) done += writeSync(fd, chunk, done);
      yield chunk;
    }
  } catch (cause) {
    if (errnoOf(cause) !== "ENOSPC") throw cause;
    throw new TsbuildError(
      "DISK_FULL",
      `Cannot unpack an archive to "${path}": no space is left on the device`,
      { cause },
    );
  } finally {
    closeSync(fd);
  }
}
