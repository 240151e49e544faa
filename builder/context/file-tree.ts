import { bytesOf, type Bytes } from "../core/bytes.ts";
import type { Entry } from "../core/entry.ts";
import type { Downloaded } from "./download.ts";
import { EntryTree } from "./entry-tree.ts";

/** A tree with one file, as BuildKit has downloads: 0600 of root, with the server's time (source/http). */
export function fileTree(name: string, { path: file, size, mtime, digest }: Downloaded): EntryTree {
  const tree = new EntryTree(mtime);
  const path = bytesOf(name) as Bytes;
  const entry: Entry = { path, type: "file", mode: 0o600, uid: 0, gid: 0, size, mtime };
  tree.put(entry, { content: { kind: "range", path: file, offset: 0, size }, digest });
  return tree;
}
