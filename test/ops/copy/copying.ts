import type { Bytes } from "../../../builder/core/bytes.ts";
import type { Tree } from "../../../builder/core/entry.ts";
import type { CopyOp, CopySource } from "../../../builder/graph/types.ts";
import { editTree } from "../../../builder/layers/edit.ts";
import type { TreeEditor } from "../../../builder/layers/types.ts";
import { planCopy, type CopyOptions, type CopySourceTree } from "../../../builder/ops/copy/plan.ts";
import { describeTree, memoryTree, type MemoryFile } from "../../support/memory-tree.ts";

/** The time of directories that nobody copied, in these tests. */
export const NOW = 2_000_000;

type Files = Readonly<Record<string, MemoryFile>>;

export interface CopyCase extends Partial<Omit<CopyOp, "sources" | "type">> {
  /** Files of the root filesystem before. */
  readonly into?: Files;
  /** Files to copy from, or a tree. */
  readonly from: Files | Tree;
  /** Paths and patterns; a heredoc is written out. */
  readonly sources: readonly (string | CopySource)[];
  readonly dest: string;
  /** COPY --from. */
  readonly keepOwner?: boolean;
  readonly owner?: CopyOptions["owner"];
  readonly describeMissing?: (path: Bytes) => string | undefined;
}

/** The op of a case. */
export function opOf(options: CopyCase): CopyOp {
  const { dest, chown, chmod } = options;
  return {
    type: "copy",
    base: null,
    sources: options.sources.map((source) =>
      typeof source === "string"
        ? { from: "input", input: 0, path: source, keepOwner: options.keepOwner ?? false }
        : source,
    ),
    dest,
    ...(chown === undefined ? {} : { chown }),
    ...(chmod === undefined ? {} : { chmod }),
    link: options.link ?? false,
    parents: options.parents ?? false,
    exclude: options.exclude ?? [],
    unpack: options.unpack ?? false,
  };
}

/** The trees that a case copies from. */
export function sourcesOf(options: CopyCase): CopySourceTree[] {
  const tree = isTree(options.from) ? options.from : memoryTree(options.from);
  const { describeMissing } = options;
  const source = {
    tree,
    keepOwner: options.keepOwner ?? false,
    ...(describeMissing === undefined ? {} : { describeMissing }),
  };
  return options.sources.map(() => source);
}

/** The root filesystem of a case, after the copy. */
export async function copied(options: CopyCase): Promise<TreeEditor> {
  const editor = editTree(memoryTree(options.into ?? {}));
  await planCopy(opOf(options), sourcesOf(options), editor, { owner: options.owner, now: NOW });
  return editor;
}

/** The same as lines of `describeTree`. */
export async function copiedLines(options: CopyCase): Promise<string[]> {
  return describeTree(await copied(options));
}

function isTree(files: Files | Tree): files is Tree {
  return typeof files["stat"] === "function";
}
