import type { TreeEditor } from "../../layers/types.ts";
import { destinationOf, makeDirectories } from "./destination.ts";
import type { Owner } from "./owner.ts";

/** WORKDIR: makes a directory and its missing parents, 0755, every one of them `owner`'s. `now` is in whole seconds. */
export function planMkdir(path: string, owner: Owner, editor: TreeEditor, now: number): void {
  makeDirectories(editor, destinationOf(editor, path), { mode: 0o755, owner, mtime: now });
}
