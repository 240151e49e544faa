import { bytesOf, printable, type Bytes } from "../../core/bytes.ts";
import type { Content, Entry, Tree } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { baseOf } from "../../core/paths.ts";
import type { Scans } from "../../context/scan.ts";
import type { CopyOp } from "../../graph/types.ts";
import type { TreeEditor } from "../../layers/types.ts";
import { parseChmod, type Chmod } from "./chmod.ts";
import { destinationOf, fileDestination, makeDirectories, type NewDirectory } from "./destination.ts";
import { selectionsOf, type Selection } from "./filter.ts";
import { HardLinks } from "./hard-links.ts";
import { ROOT, type Owner } from "./owner.ts";
import type { DescribeMissing } from "./select.ts";
import { below, walkTree } from "./walk.ts";

/** Where a source of a COPY is taken from. */
export interface CopySourceTree {
  readonly tree: Tree;
  /** COPY --from: files keep their owner where --chown does not say another. */
  readonly keepOwner: boolean;
  /** For the error about a path that is not there. */
  readonly describeMissing?: DescribeMissing;
  /** What earlier builds found in the tree. */
  readonly scans?: Scans | undefined;
}

/** Unpacks a file into a directory of the editor if it is an archive; false if it is none. `now` as in `CopyOptions`. */
export type Unpack = (content: Content, dest: Bytes, now: number) => Promise<boolean>;

export interface CopyOptions {
  /** What --chown came to (`resolveOwner`). */
  readonly owner?: Owner | undefined;
  /** Whole seconds since 1970: of what has no time of its own. */
  readonly now: number;
  /** ADD: what unpacks archives (`unpackArchive`). */
  readonly unpack?: Unpack | undefined;
}

/**
 * Fills `editor` with what a COPY or ADD puts into a root filesystem, by the rules of BuildKit (fsutil/copy/copy.go).
 * `sources` go with `op.sources`; those of inline files are not looked at. With --link, `editor` is over an empty tree
 * (`copiesOntoEmptyRoot`).
 */
export async function planCopy(
  op: CopyOp,
  sources: readonly (CopySourceTree | undefined)[],
  editor: TreeEditor,
  options: CopyOptions,
): Promise<void> {
  const copier = new Copier(op, editor, options);
  for (const [index, source] of op.sources.entries()) {
    if (source.from === "inline") {
      copier.inline(source.name, source.data);
      continue;
    }
    const input = sources[index];
    if (input === undefined)
      throw new TsbuildError("INTERNAL", `Cannot copy "${source.path}": its source is missing`);
    const unpack = source.from === "remote" ? source.unpack : op.unpack;
    for (const selection of selectionsOf(op, source, input.tree, input.describeMissing))
      await copier.copy(input, selection, unpack);
  }
}

/** Whether a COPY sees nothing of the layers below: BuildKit drops --link where --chmod is given. */
export function copiesOntoEmptyRoot(op: CopyOp): boolean {
  return op.link && op.chmod === undefined;
}

/** BuildKit leaves directories as mkdir(2) makes them: no more than permissions, and less its umask (fsutil copy/mkdir.go). */
const MADE_MODE = 0o777 & ~0o022;

class Copier {
  readonly #dest: string;
  readonly #editor: TreeEditor;
  readonly #options: CopyOptions;
  readonly #chmod: Chmod | undefined;
  readonly #directory: NewDirectory;

  constructor(op: CopyOp, editor: TreeEditor, options: CopyOptions) {
    this.#dest = bytesOf(op.dest);
    this.#editor = editor;
    this.#options = options;
    this.#chmod = op.chmod === undefined ? undefined : parseChmod(op.chmod);
    const owner = options.owner ?? ROOT;
    // An octal --chmod is also that of directories that the copy makes on its way; a symbolic one is not.
    this.#directory = { mode: (this.#chmod?.octal ?? 0o755) & MADE_MODE, owner, mtime: options.now };
  }

  inline(name: string, text: string): void {
    const data = Buffer.from(text, "utf8");
    const path = fileDestination(this.#editor, this.#dest, baseOf(bytesOf(name)), this.#directory);
    const file = {
      path,
      type: "file",
      mode: 0o644,
      ...ROOT,
      size: data.length,
      mtime: this.#options.now,
    } as const;
    this.#editor.put(this.#entryFor(file, path, false), { kind: "bytes", data });
  }

  async copy(source: CopySourceTree, selection: Selection, unpack: boolean): Promise<void> {
    const { selected } = selection;
    if (selected.entry.type === "directory") {
      this.#copyDirectory(source, selection);
    } else if (!unpack || selected.entry.type !== "file" || !(await this.#unpack(source, selected.path))) {
      const path = fileDestination(this.#editor, this.#dest, selected.name, this.#directory);
      this.#copyFile(source, selected.entry, path);
    }
  }

  /** The destination of an archive is a directory, whether it is written as one or not. */
  async #unpack(source: CopySourceTree, path: Bytes): Promise<boolean> {
    const dest = destinationOf(this.#editor, this.#dest);
    try {
      return (await this.#options.unpack?.(source.tree.content(path), dest, this.#options.now)) === true;
    } catch (cause) {
      if (!(cause instanceof TsbuildError) || cause.code !== "ARCHIVE_INVALID") throw cause;
      const state = cause.message.replace(/^Cannot read the archive: /, "");
      throw new TsbuildError("ARCHIVE_INVALID", `Cannot unpack "${printable(path)}": ${state}`, {
        cause,
        hint: "COPY takes it as a file like any other",
      });
    }
  }

  /**
   * Copies what is in a directory. The destination itself keeps its mode and owner, or is made like any missing parent,
   * but takes the source's time; directories further down become like their source.
   */
  #copyDirectory(source: CopySourceTree, { selected, filter }: Selection): void {
    const dest = destinationOf(this.#editor, this.#dest);
    this.#mustBeDirectory(dest);
    makeDirectories(this.#editor, dest, this.#directory);
    const top = this.#editor.stat(dest);
    if (top !== undefined && dest !== "") this.#editor.put({ ...top, mtime: selected.entry.mtime });
    const links = new HardLinks(source.tree);
    walkTree(source.tree, selected.path, filter, (relative, entry, isParent) => {
      const path = below(dest, relative);
      if (entry.type === "directory") this.#subdirectory(source, entry, path, isParent);
      else this.#copyFile(source, entry, path, links);
    });
  }

  #subdirectory(source: CopySourceTree, entry: Entry, path: Bytes, isParent: boolean): void {
    this.#mustBeDirectory(path);
    const existing = this.#editor.stat(path);
    const copied = this.#entryFor(entry, path, source.keepOwner);
    if (existing === undefined) this.#editor.put(copied);
    // A directory that does not pass the filter itself is only made passable (fsutil, copyDirectoryOnly).
    else if (isParent) this.#editor.put({ ...existing, mode: entry.mode });
    else this.#editor.put(merged(existing, copied));
  }

  #copyFile({ tree, keepOwner }: CopySourceTree, entry: Entry, path: Bytes, links?: HardLinks): void {
    const file = entry.type === "hardlink" ? (tree.stat(entry.link ?? entry.path) ?? entry) : entry;
    const copied = this.#entryFor(file, path, keepOwner);
    const first = file.type === "file" ? links?.earlier(entry, path) : undefined;
    if (first !== undefined) this.#editor.put({ ...copied, type: "hardlink", size: 0, link: first });
    else if (file.type === "file") this.#editor.put(copied, tree.content(file.path));
    else this.#editor.put(copied);
  }

  #mustBeDirectory(path: Bytes): void {
    const existing = this.#editor.stat(path);
    if (existing === undefined || existing.type === "directory") return;
    throw new TsbuildError(
      "COPY_CONFLICT",
      `Cannot copy a directory to "/${printable(path)}": it is a ${existing.type}, not a directory`,
      { hint: "remove it in an earlier step, or choose another destination" },
    );
  }

  #entryFor(entry: Entry, path: Bytes, keepOwner: boolean): Entry {
    const { uid, gid } = this.#options.owner ?? (keepOwner ? entry : ROOT);
    const isLink = entry.type === "symlink";
    const mode = isLink ? 0o777 : (this.#chmod?.apply(entry.mode, entry.type === "directory") ?? entry.mode);
    return { ...entry, path, mode, uid, gid };
  }
}

function merged(existing: Entry, copied: Entry): Entry {
  if (existing.xattrs === undefined) return copied;
  return { ...copied, xattrs: { ...existing.xattrs, ...copied.xattrs } };
}
