import { readFileSync } from "node:fs";
import { bytesOf } from "../core/bytes.ts";
import { MAX_ACCOUNT_FILE } from "../core/accounts.ts";
import type { Tree } from "../core/entry.ts";
import { resolveInTree } from "../core/resolve.ts";
import { readRange } from "../core/read-range.ts";

/** /etc/passwd or /etc/group of a root filesystem: only a regular file of a sane size (BuildKit executor/oci/user.go). */
export function readAccountFile(tree: Tree, path: string): Buffer | undefined {
  const { path: at, entry } = resolveInTree(tree, bytesOf(path), true);
  if (entry?.type !== "file" || entry.size > MAX_ACCOUNT_FILE) return undefined;
  const content = tree.content(at);
  switch (content.kind) {
    case "bytes":
      return Buffer.from(content.data);
    case "file":
      return readFileSync(content.path);
    case "range":
      return readRange(content.path, content.offset, content.size);
  }
}
