import type { Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import type { CopyOp } from "../graph/types.ts";
import type { OpResult } from "../solver/types.ts";
import type { CopySourceTree } from "./copy/plan.ts";
import { inputAt } from "./inputs.ts";
import { sourceTree } from "./source-tree.ts";
import type { Inputs, OpServices } from "./types.ts";

/** Where what is copied comes from, by numbers of inputs. */
export function sourceInputs(op: CopyOp): Set<number> {
  return new Set(op.sources.flatMap((source) => (source.from === "inline" ? [] : [source.input])));
}

/** The trees that are copied from; undefined for a heredoc. */
export async function sourceTrees(
  services: OpServices,
  op: CopyOp,
  inputs: Inputs,
): Promise<(CopySourceTree | undefined)[]> {
  return Promise.all(
    op.sources.map(async (source): Promise<CopySourceTree | undefined> => {
      if (source.from === "inline") return undefined;
      const input = inputAt(inputs, source.input);
      if (source.from === "remote") return { tree: filesOf(input.result), keepOwner: false };
      return sourceTree(services, input, source.keepOwner);
    }),
  );
}

function filesOf({ files }: OpResult): Tree {
  if (files !== undefined) return files;
  throw new TsbuildError("INTERNAL", "Cannot copy what was fetched: there are no files");
}
