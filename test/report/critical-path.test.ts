import assert from "node:assert/strict";
import { test } from "node:test";
import { criticalPath } from "../../builder/report/critical-path.ts";
import type { ReportedStep, StepState } from "../../builder/report/types.ts";

function step(inputs: readonly number[], ended: number | undefined, state: StepState = "done"): ReportedStep {
  return {
    name: "",
    stage: "",
    inputs,
    state,
    why: [],
    log: "",
    logCut: 0,
    ...(ended === undefined ? {} : { started: 0, ended }),
  };
}

test("criticalPath() goes back from the last step to the input that ended last", () => {
  const table: readonly (readonly [what: string, steps: readonly ReportedStep[], path: readonly number[]])[] =
    [
      ["nothing", [], []],
      ["a chain", [step([], 1), step([0], 2), step([1], 3)], [0, 1, 2]],
      ["a diamond", [step([], 1), step([0], 5), step([0], 3), step([1, 2], 6)], [0, 1, 3]],
      ["a branch that ended later than the target", [step([], 1), step([0], 2), step([0], 9)], [0, 2]],
      ["cached inputs are waited for by nobody", [step([], 5, "cached"), step([0], 6)], [1]],
      ["all cached", [step([], 1, "cached"), step([0], 2, "cached")], []],
      [
        "a step that never began",
        [step([], 1), step([0], 4, "failed"), step([1], undefined, "waiting")],
        [0, 1],
      ],
      ["inputs that are their own", [step([0], 1)], [0]],
    ];
  for (const [what, steps, path] of table) assert.deepEqual(criticalPath(steps), path, what);
});
