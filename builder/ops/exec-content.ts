import type { Json } from "../core/json.ts";
import type { CopyOp, ExecOp, Vertex } from "../graph/types.ts";
import { copyContent } from "./copy/content.ts";
import { inputAt } from "./inputs.ts";
import { sourceTree } from "./source-tree.ts";
import type { Inputs, OpServices } from "./types.ts";

/** Where a copied source stands in the layer that is made of it. */
export const COPIED = "/mount";

/** Inputs of which a step sees a part through a mount: that part is in its key, but for images, known by their layers. */
export function mountInputs(op: ExecOp, inputs: readonly Vertex[]): number[] {
  const used = op.mounts.flatMap((mount) =>
    "input" in mount && mount.input !== undefined ? [mount.input] : [],
  );
  return [...new Set(used)].filter((index) => index !== op.base && inputs[index]?.op.type !== "image");
}

/** The content of what is bound (SEMANTICS 39); what a cache mount begins with is no more in the key than what it holds. */
export async function mountContent(services: OpServices, op: ExecOp, inputs: Inputs): Promise<Json> {
  const contents: Json[] = [];
  for (const mount of op.mounts) {
    if (mount.type !== "bind" || inputs[mount.input] === undefined) continue;
    const source = await sourceTree(services, inputAt(inputs, mount.input), true);
    contents.push(
      await services.withTars(() => copyContent(copyOf(mount.source), [source], services.keepContentList)),
    );
  }
  return contents;
}

/** A mount's source as COPY would take it. */
export function copyOf(path: string): CopyOp {
  const source = { from: "input", input: 0, path, keepOwner: true } as const;
  return {
    type: "copy",
    base: null,
    sources: [source],
    dest: COPIED,
    link: false,
    parents: false,
    exclude: [],
    unpack: false,
  };
}
