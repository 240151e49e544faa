import { fileChanges } from "./file-changes.ts";
import type { FoundJournal } from "./journal.ts";
import { readContentList } from "../context/content-list.ts";
import type { Digest } from "../core/digest.ts";
import type { Store } from "../store/types.ts";
import { Reasons, type CompareContent } from "./reasons.ts";
import type { Explanation, StepExplanation } from "./types.ts";

/** Why the steps of the last build ran that a journal tells of. */
export function explainJournal(journal: FoundJournal, store: Store): Explanation {
  const { place, last, before, touched } = journal;
  const reasons = new Reasons(last.steps, before, compareBy(store));
  const steps = last.steps.flatMap(({ name, stage, outcome, recorded }, number): StepExplanation[] => {
    if (!recorded || (outcome !== "ran" && outcome !== "failed" && outcome !== "canceled")) return [];
    return [{ step: name, stage, outcome, reasons: reasons.of(number) }];
  });
  const cached = last.steps.filter(
    ({ recorded, outcome }) => recorded && (outcome === "cached" || outcome === "shared"),
  );
  return {
    place,
    time: last.time,
    // Writing the journal takes a moment itself.
    ...(touched > last.time + 1000 ? { unchangedSince: Math.floor(touched) } : {}),
    cached: cached.length,
    steps,
  };
}

/** Compares contents by the lists of files that are kept of them. */
export function compareBy(store: Store): CompareContent {
  const listOf = (digest: Digest): ReturnType<typeof readContentList> => readContentList(store, digest);
  return (before, after) =>
    before.content === undefined || after.content === undefined
      ? undefined
      : fileChanges(
          { op: before.op, content: before.content, listOf },
          { op: after.op, content: after.content, listOf },
        );
}
