import { TsbuildError } from "../core/errors.ts";
import type { RootFs } from "../layers/types.ts";
import type { Input, Inputs } from "./types.ts";

/** An input that the op knows to be there. */
export function inputAt(inputs: Inputs, index: number): Input {
  const input = inputs[index];
  if (input === undefined)
    throw new TsbuildError("INTERNAL", `Cannot run the step: input ${index} is missing`);
  return input;
}

/** The root filesystem that an op works upon; empty for scratch. */
export function baseOf(op: { readonly base: number | null }, inputs: Inputs): RootFs {
  return op.base === null ? [] : inputAt(inputs, op.base).result.rootfs;
}
