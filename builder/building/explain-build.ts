import { contextPlace } from "../planning/build-place.ts";
import { formatPlatform, normalizePlatform } from "../core/platform.ts";
import { explainJournal } from "../explain/explanation.ts";
import { latestJournal } from "../explain/journal.ts";
import type { Explanation } from "../explain/types.ts";
import type { Store } from "../store/types.ts";
import type { ExplainOptions } from "../api/types.ts";

/** Why the steps of a build that is over ran. */
export function explainBuild(store: Store, which: ExplainOptions): Explanation | undefined {
  const context = which.context === undefined ? undefined : contextPlace(which.context);
  const platform = which.platform && formatPlatform(normalizePlatform(which.platform));
  const journal = latestJournal(
    store,
    (place) =>
      (context === undefined || place.context === context) &&
      (which.dockerfile === undefined || place.dockerfile === which.dockerfile) &&
      (which.target === undefined || place.target === which.target) &&
      (platform === undefined || place.platform === platform),
  );
  return journal && explainJournal(journal, store);
}
