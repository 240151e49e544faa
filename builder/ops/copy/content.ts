import type { Bytes } from "../../core/bytes.ts";
import { Hasher, sha256 } from "../../core/digest.ts";
import type { Entry } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { CopyOp } from "../../graph/types.ts";
import { parseChmod } from "./chmod.ts";
import { selectionsOf } from "./filter.ts";
import type { CopySourceTree } from "./plan.ts";
import { walkTree } from "./walk.ts";

/**
 * What a COPY takes, by content: for each source the digest of the paths that it selects, as they will be and no more, so
 * that nothing else in the context matters. Times do not count, nor where in the context the paths lie; neither do the
 * modes and owners that --chmod and --chown replace. `sources` as for `planCopy`.
 */
export function copyContent(op: CopyOp, sources: readonly (CopySourceTree | undefined)[]): Json {
  const octal = op.chmod === undefined ? undefined : parseChmod(op.chmod).octal;
  return op.sources.map((source, index): Json => {
    if (source.from === "inline") return { name: source.name, digest: sha256(source.data) };
    const input = sources[index];
    if (input === undefined)
      throw new TsbuildError("INTERNAL", `Cannot hash "${source.path}": its source is missing`);
    const take = { mode: octal === undefined, owner: input.keepOwner && op.chown === undefined };
    return selectionsOf(op, source.path, input.tree, input.describeMissing).map(
      ({ selected, filter }): Json => {
        if (selected.entry.type !== "directory")
          return {
            name: selected.name,
            digest: digestOf(input, take, (add) => add(selected.name, selected.entry)),
          };
        const digest = digestOf(input, take, (add) => walkTree(input.tree, selected.path, filter, add));
        return { directory: digest };
      },
    );
  });
}

/** Which properties of an entry come from the source. */
interface Take {
  readonly mode: boolean;
  readonly owner: boolean;
}

type Add = (name: Bytes, entry: Entry, isParent?: boolean) => void;

/** Bytes to collect before hashing: a call for each of 20,000 files would cost more than the hash. */
const BATCH = 64 * 1024;

function digestOf({ tree }: CopySourceTree, take: Take, addAll: (add: Add) => void): string {
  const hasher = new Hasher();
  let batch = "";
  addAll((name, entry, isParent = false) => {
    const file = entry.type === "hardlink" ? (tree.stat(entry.link ?? entry.path) ?? entry) : entry;
    const hash = file.type === "file" ? tree.hash(entry.path) : "";
    batch += describe(name, file, take, isParent) + hash;
    if (batch.length < BATCH) return;
    hasher.update(Buffer.from(batch, "latin1"));
    batch = "";
  });
  return hasher.update(Buffer.from(batch, "latin1")).digest();
}

/** Each field of variable length has its length in front: no two trees describe themselves alike. */
function describe(name: Bytes, entry: Entry, take: Take, isParent: boolean): string {
  const mode = take.mode && entry.type !== "symlink" ? entry.mode : "";
  const owner = take.owner ? `${entry.uid}:${entry.gid}` : "";
  const device = entry.major === undefined ? "" : `${entry.major}:${entry.minor ?? 0}`;
  const xattrs = Object.entries(entry.xattrs ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => framed(key) + framed(value))
    .join("");
  const type = isParent ? "parent" : entry.type;
  return `${framed(name)}${type} ${mode} ${owner} ${entry.size} ${device} ${framed(entry.link ?? "")}${framed(xattrs)}`;
}

function framed(text: string): string {
  return `${text.length}:${text}`;
}
