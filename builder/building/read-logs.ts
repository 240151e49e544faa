import { createReadStream, statSync } from "node:fs";
import { TsbuildError } from "../core/errors.ts";
import { isMeant } from "../explain/meant-step.ts";
import { latestBuild } from "./explain-build.ts";
import { logPath } from "./log-path.ts";
import type { LogsOptions, StepLog } from "../api/step-logs.ts";
import type { Store } from "../store/types.ts";

/** The logs of the steps of a build that is over, in the order of its steps; those that wrote nothing have none. */
export function readLogs(store: Store, which: LogsOptions): readonly StepLog[] {
  const journal = latestBuild(store, which);
  if (journal === undefined) {
    throw new TsbuildError("USAGE", "Cannot show logs: the store knows of no such build", {
      hint: "build something first; TSBUILD_ROOT says which store is asked",
    });
  }
  const { step } = which;
  return journal.last.steps.flatMap(({ id, name, outcome }) => {
    if (id === undefined || (step !== undefined && !isMeant(name, step))) return [];
    const path = logPath(store.root, id);
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return [];
    const { size, mtimeMs: time } = stats;
    return [{ step: name, outcome, size, time, read: () => createReadStream(path) }];
  });
}
