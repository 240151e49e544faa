import type { Digest } from "../core/digest.ts";
import { allOrFailure } from "../outputs/all-or-failure.ts";
import type { BuiltImage, Output, OutputContext, OutputResult } from "../outputs/types.ts";
import type { BuildResult } from "../api/types.ts";

/**
 * Brings the images to all outputs: to registries side by side, as one that is slow or gone is no reason for the others
 * to wait, and beside that to the places of this machine one after the other. Every one is tried.
 */
export async function writeOutputs(
  outputs: readonly Output[],
  images: readonly BuiltImage[],
  context: OutputContext,
): Promise<readonly OutputResult[]> {
  let local: Promise<unknown> = Promise.resolve();
  const works = outputs.map((output) => {
    const write = (): Promise<OutputResult> => writeOutput(output, images, context);
    const work = output.sends === undefined ? local.then(write) : write();
    if (output.sends === undefined) local = work.catch(() => undefined);
    return { name: output.label, work };
  });
  return allOrFailure(works, context.signal);
}

async function writeOutput(
  output: Output,
  images: readonly BuiltImage[],
  { emit, signal }: OutputContext,
): Promise<OutputResult> {
  signal.throwIfAborted();
  const phase = (state: "started" | "done" | "failed"): void =>
    emit({ type: "phase", name: output.label, state, time: Date.now() });
  phase("started");
  try {
    const result = await output.write(images, { emit, signal });
    phase("done");
    return result;
  } catch (error) {
    phase("failed");
    throw error;
  }
}

/** The digest of the last output counts: what was pushed comes after what was stored. */
export function summaryOf(
  results: readonly OutputResult[],
): Pick<BuildResult, "imageId" | "digest" | "descriptor" | "names"> {
  let imageId: Digest | undefined;
  let digest: Digest | undefined;
  let descriptor: BuildResult["descriptor"];
  const names = new Set<string>();
  for (const result of results) {
    imageId = result.imageId ?? imageId;
    digest = result.manifest ?? digest;
    descriptor = result.descriptor ?? descriptor;
    for (const name of result.names ?? []) names.add(name);
  }
  return {
    ...(imageId && { imageId }),
    ...(digest && { digest }),
    ...(descriptor && { descriptor }),
    names: [...names],
  };
}
