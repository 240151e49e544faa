import type { Bytes } from "../../core/bytes.ts";
import { hexOf, isDigest, sha256, type Digest } from "../../core/digest.ts";
import { canonicalJson } from "../../core/json.ts";
import type { Store } from "../../store/types.ts";
import { EntryTree } from "../entry-tree.ts";
import { readSourceRecord, writeSourceRecord } from "../source-record.ts";
import type { Checkout } from "./checkout.ts";
import type { GitRequest } from "./types.ts";

/** A new number makes every record of older programs one that never was. */
const VERSION = 1;

type Row =
  | readonly ["d", Bytes]
  | readonly ["l", Bytes, Bytes]
  | readonly ["f", Bytes, number, number, number, Digest];

/** The files of a commit that was fetched before; undefined where it was not, or is no longer here. */
export function loadCheckout(store: Store, request: GitRequest, commit: string): EntryTree | undefined {
  const record = readSourceRecord(store, nameOf(request, commit));
  const { blob, mtime, rows } = record ?? {};
  if (!isDigest(blob) || typeof mtime !== "number" || !Array.isArray(rows)) return undefined;
  if (!store.blobs.use(blob)) return undefined;
  const tree = new EntryTree(mtime);
  const owner = { uid: 0, gid: 0, mtime };
  for (const row of rows as readonly Row[]) {
    const [kind, path] = row;
    if (kind === "d") tree.put({ path, type: "directory", mode: 0o755, size: 0, ...owner });
    else if (kind === "l") tree.put({ path, type: "symlink", mode: 0o777, size: 0, link: row[2], ...owner });
    else {
      const [, , mode, offset, size, digest] = row;
      const content = { kind: "range", path: store.blobs.path(blob), offset, size } as const;
      tree.put({ path, type: "file", mode, size, ...owner }, { content, digest });
    }
  }
  return tree;
}

/** Keeps where the files of a commit lie. */
export function saveCheckout(store: Store, request: GitRequest, commit: string, checkout: Checkout): void {
  const rows: Row[] = [];
  for (const [{ path, type, mode, size, link }, body] of checkout.tree.entries()) {
    if (path === "") continue;
    if (type === "directory") rows.push(["d", path]);
    else if (type === "symlink") rows.push(["l", path, link ?? ("" as Bytes)]);
    else if (body?.content.kind === "range")
      rows.push(["f", path, mode, body.content.offset, size, body.digest]);
  }
  const { blob, mtime } = checkout;
  writeSourceRecord(store, nameOf(request, commit), { blob, mtime, rows });
}

/** The remote with its credentials tells who asked: one user's private repository is not another's. */
function nameOf({ remote, subdir, keepGitDir, submodules }: GitRequest, commit: string): string {
  const key = { version: VERSION, remote, commit, subdir: subdir ?? "", keepGitDir, submodules };
  return `git-${hexOf(sha256(canonicalJson(key)))}`;
}
