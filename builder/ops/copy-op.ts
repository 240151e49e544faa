import { resolve } from "node:path";
import { printable } from "../core/bytes.ts";
import { sha256, type Digest } from "../core/digest.ts";
import { TsbuildError } from "../core/errors.ts";
import { interruptions } from "../core/interruptions.ts";
import { canonicalJson } from "../core/json.ts";
import { inSmallYoungSpace } from "../core/young-space.ts";
import type { CopyOp } from "../graph/types.ts";
import { CopiesAhead } from "./copy-ahead.ts";
import type * as CopyChanges from "./copy-changes.ts";
import { copyContent } from "./copy/content.ts";
import { sourceInputs, sourceTrees } from "./copy-sources.ts";
import { baseOf, inputAt } from "./inputs.ts";
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
          changes: async (base) => (await loadChanges()).copyChanges(services, op, inputs, base),
          kin: () => kinOf(services, op, inputs),
        });
        return copyContent(op, sources, services.keepContentList, before);
      }),
    async run(op, inputs, step) {
      const { copyChanges } = await loadChanges();
      return inSmallYoungSpace(async () => {
        const base = baseOf(op, inputs);
        const check = (): void => checkUnchanged(services, inputs);
        const made = ahead.take(op, base);
        if (made !== undefined) {
          check();
          return { rootfs: [...base, made] };
        }
        const changes = await copyChanges(services, op, inputs, base);
        const kin = kinOf(services, op, inputs);
        // A step that fails above it does not take the copy with it.
        const signal = interruptions(step.signal);
        return { rootfs: [...base, await services.sealBeside(changes, signal, kin, check)] };
      });
    },
  };
}

/** Loaded here, as keys need nothing of it. */
async function loadChanges(): Promise<typeof CopyChanges> {
  return import("./copy-changes.ts");
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
