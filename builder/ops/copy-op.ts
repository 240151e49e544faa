import { resolve } from "node:path";
import { printable } from "../core/bytes.ts";
import { sha256, type Digest } from "../core/digest.ts";
import { canonicalJson } from "../core/json.ts";
import type { Tree } from "../core/entry.ts";
import { TsbuildError } from "../core/errors.ts";
import { inSmallYoungSpace } from "../core/young-space.ts";
import type { CopyOp } from "../graph/types.ts";
import { editTree } from "../layers/edit.ts";
import type { NewChange } from "../layers/types.ts";
import type { OpResult } from "../solver/types.ts";
import { readAccountFile } from "./accounts.ts";
import { CopiesAhead } from "./copy-ahead.ts";
import { unpackArchive } from "./copy/archive.ts";
import { copyContent } from "./copy/content.ts";
import { resolveOwner, type Owner } from "./copy/owner.ts";
import { copiesOntoEmptyRoot, planCopy, type CopySourceTree } from "./copy/plan.ts";
import { baseOf, inputAt } from "./inputs.ts";
import { sourceTree } from "./source-tree.ts";
import type { Inputs, OpHandler, OpServices } from "./types.ts";

/** COPY and ADD: the files that they take become a layer straight away, without a root filesystem to copy them into. */
export function copyHandler(services: OpServices): OpHandler<CopyOp> {
  const ahead = new CopiesAhead(services);
  return {
    resource: "cpu",
    definition: (op) => ({ ...op, sources: op.sources.map((source) => ({ ...source })) }),
    // Where the files lie is no part of what is copied: their names are.
    contentDefinition: (op) => ({
      ...op,
      sources: op.sources.map((source) =>
        source.from === "remote" && source.unpack ? "unpack" : source.from,
      ),
    }),
    // An image is known by its layers: reading them for a key would pull them.
    contentInputs: (op, inputs) =>
      [...sourceInputs(op)].filter((index) => inputs[index]?.op.type !== "image"),
    content: (op, inputs, step) =>
      services.withTars(async () => {
        const sources = await sourceTrees(services, op, inputs);
        const before = ahead.before(op, inputs, step, {
          changes: () => planned(services, op, inputs),
          kin: () => kinOf(services, op, inputs),
        });
        return copyContent(op, sources, services.keepContentList, before);
      }),
    run: (op, inputs, step) =>
      inSmallYoungSpace(async () => {
        const base = baseOf(op, inputs);
        const layer =
          ahead.take(op, base) ??
          (await services.seal(
            await planned(services, op, inputs),
            step.signal,
            kinOf(services, op, inputs),
          ));
        checkUnchanged(services, inputs);
        return { rootfs: [...base, layer] };
      }),
  };
}

/** What the copy changes. */
async function planned(services: OpServices, op: CopyOp, inputs: Inputs): Promise<readonly NewChange[]> {
  const tree = await services.tree(baseOf(op, inputs));
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

/** What a COPY is but for what it takes: the op, and what its sources are called. */
function kinOf(services: OpServices, op: CopyOp, inputs: Inputs): Digest {
  const sources = [...sourceInputs(op)].map((index) => {
    const { vertex } = inputAt(inputs, index);
    if (vertex.op.type !== "context") return vertex.name;
    return { context: resolve(services.context(vertex.op.name).name) };
  });
  return sha256(canonicalJson({ op: { ...op, sources: op.sources.map((one) => ({ ...one })) }, sources }));
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

function sourceInputs(op: CopyOp): Set<number> {
  return new Set(op.sources.flatMap((source) => (source.from === "inline" ? [] : [source.input])));
}

async function sourceTrees(
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

/** The key was taken of what the files held then: a layer with something else must not be found by it. */
function checkUnchanged(services: OpServices, inputs: Inputs): void {
  for (const input of inputs) {
    if (input?.vertex.op.type !== "context") continue;
    const path = services.context(input.vertex.op.name).changed();
    if (path === undefined) continue;
    throw new TsbuildError(
      "CONTEXT_CHANGED",
      `Cannot copy "${printable(path)}": it was written to while it was being read`,
      {
        hint: "build again when nothing writes to the build context",
      },
    );
  }
}
