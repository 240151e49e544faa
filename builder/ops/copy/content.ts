import { setImmediate } from "node:timers/promises";
import type { Bytes } from "../../core/bytes.ts";
import { Hasher, sha256 } from "../../core/digest.ts";
import type { Entry, Tree } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import type { CopyOp } from "../../graph/types.ts";
import { parseChmod } from "./chmod.ts";
import { selectionsOf, type Selection } from "./filter.ts";
import type { CopySourceTree } from "./plan.ts";
import { walkTree } from "./walk.ts";

/**
 * What a COPY takes, by content: for each source the digest of the paths that it selects, as they will be and no more, so
 * that nothing else in the context matters. Times do not count, nor where in the context the paths lie; neither do the
 * modes and owners that --chmod and --chown replace. `sources` as for `planCopy`.
 */
export async function copyContent(
  op: CopyOp,
  sources: readonly (CopySourceTree | undefined)[],
): Promise<Json> {
  const octal = op.chmod === undefined ? undefined : parseChmod(op.chmod).octal;
  const contents: Json[] = [];
  for (const [index, source] of op.sources.entries()) {
    if (source.from === "inline") {
      contents.push({ name: source.name, digest: sha256(source.data) });
      continue;
    }
    const input = sources[index];
    if (input === undefined)
      throw new TsbuildError("INTERNAL", `Cannot hash "${source.path}": its source is missing`);
    const take = { mode: octal === undefined, owner: input.keepOwner && op.chown === undefined };
    const selections: Json[] = [];
    for (const selection of selectionsOf(op, source, input.tree, input.describeMissing))
      selections.push(await selectionContent(input.tree, take, selection));
    contents.push(selections);
  }
  return contents;
}

/** Which properties of an entry come from the source. */
interface Take {
  readonly mode: boolean;
  readonly owner: boolean;
}

interface Item {
  readonly name: Bytes;
  readonly entry: Entry;
  readonly isParent: boolean;
}

async function selectionContent(tree: Tree, take: Take, { selected, filter }: Selection): Promise<Json> {
  const { name, entry, path } = selected;
  if (entry.type !== "directory")
    return { name, digest: await digestOf(tree, take, [{ name, entry, isParent: false }]) };
  const items: Item[] = [];
  walkTree(tree, path, filter, (relative, found, isParent) =>
    items.push({ name: relative, entry: found, isParent }),
  );
  return { directory: await digestOf(tree, take, items) };
}

/** Bytes to collect before hashing: a call for each of 20,000 files would cost more than the hash. */
const BATCH = 64 * 1024;
/** Files from this size on are not read in one go. */
const BIG = 8 << 20;
/** Milliseconds after which signals and the display have their turn. */
const TURN = 50;

async function digestOf(tree: Tree, take: Take, items: readonly Item[]): Promise<string> {
  const hasher = new Hasher();
  let batch = "";
  let turn = performance.now();
  for (const { name, entry, isParent } of items) {
    const file = entry.type === "hardlink" ? (tree.stat(entry.link ?? entry.path) ?? entry) : entry;
    batch += describe(name, file, take, isParent);
    if (file.type === "file") {
      if (file.size >= BIG) await tree.prehash?.(entry.path);
      batch += tree.hash(entry.path);
    }
    if (batch.length >= BATCH) {
      hasher.update(Buffer.from(batch, "latin1"));
      batch = "";
    }
    if (performance.now() - turn < TURN) continue;
    await setImmediate();
    turn = performance.now();
  }
  return hasher.update(Buffer.from(batch, "latin1")).digest();
}

/** Each field of variable length has its length in front: no two trees describe themselves alike. */
function describe(name: Bytes, entry: Entry, take: Take, isParent: boolean): string {
  const mode = take.mode && entry.type !== "symlink" ? entry.mode : "";
  const owner = take.owner ? `${entry.uid}:${entry.gid}` : "";
  const device = entry.major === undefined ? "" : `${entry.major}:${entry.minor ?? 0}`;
  const xattrs = entry.xattrs === undefined ? "" : describeXattrs(entry.xattrs);
  const type = isParent ? "parent" : entry.type;
  return `${framed(name)}${type} ${mode} ${owner} ${entry.size} ${device} ${framed(entry.link ?? "")}${framed(xattrs)}`;
}

function describeXattrs(xattrs: NonNullable<Entry["xattrs"]>): string {
  return Object.entries(xattrs)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => framed(key) + framed(value))
    .join("");
}

function framed(text: string): string {
  return `${text.length}:${text}`;
}
