import type { CopyOp } from "../graph/types.ts";
import { editTree } from "../layers/edit.ts";
import type { NewChange, RootFs } from "../layers/types.ts";
import { readAccountFile } from "./accounts.ts";
import { unpackArchive } from "./copy/archive.ts";
import { resolveOwner, type Owner } from "./copy/owner.ts";
import { copiesOntoEmptyRoot, planCopy } from "./copy/plan.ts";
import { sourceTrees } from "./copy-sources.ts";
import type { Inputs, OpServices } from "./types.ts";

/** What a COPY changes. */
export async function copyChanges(
  services: OpServices,
  op: CopyOp,
  inputs: Inputs,
  base: RootFs,
): Promise<readonly NewChange[]> {
  const tree = await services.tree(base);
  const owner = await ownerOf(services, op, tree);
  return services.withTars(async () => {
    const editor = editTree(copiesOntoEmptyRoot(op) ? await services.tree([]) : tree);
    const unpack = unpackArchive({ editor, owner, spool: () => services.tempPath("archive") });
    await planCopy(op, await sourceTrees(services, op, inputs), editor, {
      owner,
      now: services.now,
      unpack,
    });
    return editor.changes();
  });
}

/** --chown names are those of the root filesystem that the files go to. */
async function ownerOf(
  services: OpServices,
  op: CopyOp,
  tree: Parameters<typeof readAccountFile>[0],
): Promise<Owner | undefined> {
  const { chown } = op;
  if (chown === undefined) return undefined;
  return services.withTars(() => resolveOwner(chown, (path) => readAccountFile(tree, path)));
}
