import type { ReportedStep } from "./types.ts";

/**
 * Indexes of the steps that the build waited for, the first one first: from the step that ended last, back each time to
 * the input that ended last. To make any other step faster makes the build no faster.
 */
export function criticalPath(steps: readonly ReportedStep[]): readonly number[] {
  const path: number[] = [];
  let at = latest(
    steps,
    steps.map((_, index) => index),
  );
  while (at !== undefined && !path.includes(at)) {
    path.unshift(at);
    at = latest(steps, steps[at]?.inputs ?? []);
  }
  return path;
}

/** Of these steps the one that ended last, cached ones aside: nobody waits for them. */
function latest(steps: readonly ReportedStep[], indexes: readonly number[]): number | undefined {
  let found: number | undefined;
  for (const index of indexes) {
    const step = steps[index];
    if (step?.ended === undefined || step.state === "cached") continue;
    if (found === undefined || step.ended > (steps[found]?.ended ?? 0)) found = index;
  }
  return found;
}
