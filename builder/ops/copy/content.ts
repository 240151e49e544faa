import { setImmediate } from "node:timers/promises";
import type { Bytes } from "../../core/bytes.ts";
import { Hasher, sha256, type Digest } from "../../core/digest.ts";
import type { Entry, Tree } from "../../core/entry.ts";
import { TsbuildError } from "../../core/errors.ts";
import { inSmallYoungSpace } from "../../core/young-space.ts";
import type { Json } from "../../core/json.ts";
import { describeItem, type Take } from "../../context/content-list.ts";
import { Scan, type Scans } from "../../context/scan.ts";
import type { CopyOp } from "../../graph/types.ts";
import { parseChmod } from "./chmod.ts";
import { selectionsOf, type Selection } from "./filter.ts";
import type { CopySourceTree } from "./plan.ts";
import { below, walkTree } from "./walk.ts";

/** Is given each digest with the list that it was taken of (context/content-list.ts). */
export type KeepList = (digest: Digest, list: readonly Buffer[]) => void;

/** Is waited for before so many files of so many bytes are hashed. */
export type BeforeHashing = (files: number, bytes: number) => Promise<void>;

/**
 * What a COPY takes, by content: for each source the digest of the paths that it selects, as they will be and no more, so
 * that nothing else in the context matters. Times do not count, nor where in the context the paths lie; neither do the
 * modes and owners that --chmod and --chown replace. `sources` as for `planCopy`.
 */
export async function copyContent(
  op: CopyOp,
  sources: readonly (CopySourceTree | undefined)[],
  keep: KeepList,
  before?: BeforeHashing,
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
      selections.push(await selectionContent(input, take, selection, { keep, before }));
    contents.push(selections);
  }
  return contents;
}

interface Hooks {
  readonly keep: KeepList;
  readonly before: BeforeHashing | undefined;
}

interface Item {
  readonly name: Bytes;
  readonly entry: Entry;
  readonly isParent: boolean;
}

async function selectionContent(
  source: CopySourceTree,
  take: Take,
  selection: Selection,
  hooks: Hooks,
): Promise<Json> {
  const { tree, scans } = source;
  const { name, entry } = selection.selected;
  const isDirectory = entry.type === "directory";
  const scan = isDirectory && scans !== undefined ? scanOf(tree, scans, take, selection) : undefined;
  let digest = scan && scans?.get(scan.digest());
  if (digest === undefined) {
    digest = isDirectory
      ? await inSmallYoungSpace(() => digestOf(tree, take, itemsOf(tree, selection), hooks))
      : await digestOf(tree, take, [{ name, entry, isParent: false }], hooks);
    if (scan !== undefined) scans?.put(scan, digest);
  }
  return isDirectory ? { directory: digest } : { name, digest };
}

function itemsOf(tree: Tree, { selected, filter }: Selection): Item[] {
  const items: Item[] = [];
  walkTree(tree, selected.path, filter, (name, entry, isParent) => items.push({ name, entry, isParent }));
  return items;
}

/** The same walk without a look at any content. */
function scanOf(tree: Tree, scans: Scans, take: Take, { selected, filter }: Selection): Scan {
  const scan = new Scan(`${take.mode} ${take.owner}`);
  if (filter.include === undefined && filter.exclude === undefined) {
    scans.addAll(selected.path, scan);
    return scan;
  }
  walkTree(tree, selected.path, filter, (name, entry, isParent) => {
    const identity = scans.identity(below(selected.path, name));
    const kind = isParent ? "parent" : entry.type === "directory" ? "directory" : "file";
    if (identity !== undefined) scan.add(name, kind, identity);
  });
  return scan;
}

/** Bytes to collect before hashing: a call for each of 20,000 files would cost more than the hash. */
const BATCH = 64 * 1024;
/** Milliseconds after which signals and the display have their turn; `performance` takes one to load. */
const TURN = 50;

async function digestOf(tree: Tree, take: Take, items: readonly Item[], hooks: Hooks): Promise<Digest> {
  const hasher = new Hasher();
  const list: Buffer[] = [];
  const flush = (): void => {
    const part = Buffer.from(batch, "latin1");
    hasher.update(part);
    list.push(part);
    batch = "";
  };
  let batch = "";
  const files = items.flatMap(({ entry }) => (entry.type === "file" ? [entry] : []));
  await hooks.before?.(
    files.length,
    files.reduce((sum, { size }) => sum + size, 0),
  );
  await tree.prehash?.(files.map(({ path }) => path));
  let turn = Date.now();
  for (const { name, entry, isParent } of items) {
    const file = entry.type === "hardlink" ? (tree.stat(entry.link ?? entry.path) ?? entry) : entry;
    batch += describeItem(name, file, take, isParent);
    if (file.type === "file") batch += tree.hash(entry.path);
    if (batch.length >= BATCH) flush();
    if (Date.now() - turn < TURN) continue;
    await setImmediate();
    turn = Date.now();
  }
  flush();
  const digest = hasher.digest();
  hooks.keep(digest, list);
  return digest;
}
