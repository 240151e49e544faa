import { printable, type Bytes } from "../../core/bytes.ts";
import type { Entry } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { baseOf, cleanPath, joinPath, parentOf } from "../../core/paths.ts";
import { resolveInTree } from "../../core/resolve.ts";
import type { TreeEditor } from "../../layers/types.ts";
import type { Owner } from "./owner.ts";

/** What directories that nobody copied are made with. */
export interface NewDirectory {
  readonly mode: number;
  readonly owner: Owner;
  /** Whole seconds since 1970. */
  readonly mtime: number;
}

/** Where a destination leads, symlinks inside the root filesystem followed (BuildKit: fs.RootPath). */
export function destinationOf(editor: TreeEditor, dest: string): Bytes {
  return resolveInTree(editor, cleanPath(`/${dest}`), true).path;
}

/** Whether a destination is written as a directory. */
function meansDirectory(dest: string): boolean {
  return dest.endsWith("/") || dest.endsWith("/.");
}

/** Where a file that is named `name` goes: into the destination where that is a directory, else in its place. */
export function fileDestination(
  editor: TreeEditor,
  dest: string,
  name: Bytes,
  directory: NewDirectory,
): Bytes {
  if (meansDirectory(dest)) makeDirectories(editor, destinationOf(editor, dest), directory);
  const at = destinationOf(editor, dest);
  const path = editor.stat(at)?.type === "directory" ? joinPath(at, name) : at;
  if (path === "")
    throw new TsbuildError("COPY_CONFLICT", `Cannot copy to "${dest}": it is the root directory`);
  makeDirectories(editor, parentOf(path), directory);
  return path;
}

/** Makes a directory and its parents where they are missing. `path` crosses no symlinks; undefined ones stay as they are. */
export function makeDirectories(editor: TreeEditor, path: Bytes, directory: NewDirectory): void {
  const missing: Bytes[] = [];
  let at = path;
  let entry: Entry | undefined;
  while (at !== "" && (entry = editor.stat(at)) === undefined) {
    missing.push(at);
    at = parentOf(at);
  }
  if (at !== "" && entry !== undefined && entry.type !== "directory") {
    throw new TsbuildError(
      "COPY_CONFLICT",
      `Cannot create directory "/${printable(path)}": "/${printable(at)}" is not a directory`,
      { hint: `remove "${printable(baseOf(at))}" in an earlier step, or choose another destination` },
    );
  }
  for (const name of missing.reverse()) {
    editor.put({
      path: name,
      type: "directory",
      mode: directory.mode,
      uid: directory.owner.uid,
      gid: directory.owner.gid,
      size: 0,
      mtime: directory.mtime,
    });
  }
}
