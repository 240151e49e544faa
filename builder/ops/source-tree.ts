import { printable } from "../core/bytes.ts";
import type { BuildContext } from "../context/types.ts";
import type { CopySourceTree } from "./copy/plan.ts";
import type { Input, OpServices } from "./types.ts";

/** An input as something to copy from; `keepOwner` is for COPY --from. */
export async function sourceTree(
  services: OpServices,
  { vertex, result }: Input,
  keepOwner: boolean,
): Promise<CopySourceTree> {
  if (vertex.op.type !== "context") return { tree: await services.tree(result.rootfs), keepOwner };
  const context = services.context(vertex.op.name);
  return {
    tree: context,
    keepOwner,
    describeMissing: (path) => ignoreLine(context, path),
    scans: context.scans,
  };
}

function ignoreLine(
  context: BuildContext,
  path: Parameters<BuildContext["ignoredBy"]>[0],
): string | undefined {
  const rule = context.ignoredBy(path);
  return rule && `"${printable(path)}" is hidden by ${rule.file}:${rule.line}, pattern "${rule.pattern}"`;
}
