import { editTree } from "../layers/edit.ts";
import type { MkdirOp } from "../graph/types.ts";
import type { RootFs } from "../layers/types.ts";
import { readAccountFile } from "./accounts.ts";
import { planMkdir } from "./copy/mkdir.ts";
import { resolveOwner } from "./copy/owner.ts";
import { baseOf } from "./inputs.ts";
import type { OpHandler, OpServices } from "./types.ts";

/** WORKDIR: a layer with the directories that were missing, the current user's; an empty layer where none was. */
export function mkdirHandler(services: OpServices): OpHandler<MkdirOp> {
  return {
    definition: (op) => ({ type: "mkdir", path: op.path, user: op.user }),
    async run(op, inputs, step) {
      const base: RootFs = baseOf(op, inputs);
      const tree = await services.tree(base);
      // As --chown and not as USER: a number alone is the group's number too (BuildKit llb.WithUser).
      const owner = await services.withTars(() =>
        resolveOwner(op.user, (path) => readAccountFile(tree, path)),
      );
      const editor = editTree(tree);
      planMkdir(op.path, owner, editor, services.now);
      return { rootfs: [...base, await services.seal(editor.changes(), step.signal)] };
    },
  };
}
