import { contextPlace } from "../planning/build-place.ts";
import { formatPlatform, normalizePlatform } from "../core/platform.ts";
import { explainJournal } from "../explain/explanation.ts";
import { latestJournal, type FoundJournal } from "../explain/journal.ts";
import type { Explanation } from "../explain/types.ts";
import type { Store } from "../store/types.ts";
import type { WhichBuild } from "../api/which-build.ts";

/** Why the steps of a build that is over ran. */
export function explainBuild(store: Store, which: WhichBuild): Explanation | undefined {
  const journal = latestBuild(store, which);
  return journal && explainJournal(journal, store);
}

/** What was written down of the last build of those that are meant. */
export function latestBuild(store: Store, which: WhichBuild): FoundJournal | undefined {
  const context = which.context === undefined ? undefined : contextPlace(which.context);
  const platform = which.platform && formatPlatform(normalizePlatform(which.platform));
  return latestJournal(
    store,
    (place) =>
      (context === undefined || place.context === context) &&
      (which.dockerfile === undefined || place.dockerfile === which.dockerfile) &&
      (which.target === undefined || place.target === which.target) &&
      (platform === undefined || place.platform.split(",").includes(platform)),
  );
}
