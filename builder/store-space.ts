import type { Bytes } from "./core/bytes.ts";
import type { Entry } from "./core/entry.ts";
import type { LayerIndex } from "./layers/types.ts";
import { dropFailed } from "./session/failed-steps.ts";
import type { Session } from "./session/session.ts";
import { findProblems } from "./space/check.ts";
import { collect } from "./space/collect.ts";
import { compareSnapshot } from "./space/compare-snapshot.ts";
import { repairStore } from "./space/repair.ts";
import type { CheckResult, PruneRequest, PruneResult } from "./space/types.ts";

/** Removes cache that nobody needs. */
export async function pruneStore(
  session: Session,
  request: PruneRequest,
  signal: AbortSignal,
): Promise<PruneResult> {
  const remove = removeOf(session);
  const result = await collect(session.store, request, remove, { wait: true, signal });
  // Builds that were killed may have left gigabytes; where the helper is not needed otherwise nobody else sweeps.
  await dropFailed(session.store, (directory) => remove([directory]));
  const gone = await session.store.sweepSessions();
  if (gone.length > 0) await remove(gone);
  return result ?? { removed: [], bytes: 0, left: 0 };
}

/** Looks at all that is in the store; with `repair`, drops what is broken. */
export async function checkStore(
  session: Session,
  repair: boolean,
  signal: AbortSignal,
): Promise<CheckResult> {
  const compare = (path: string, index: LayerIndex, isPart: boolean): Promise<string | undefined> =>
    compareWith(session, path, index, isPart, signal);
  if (repair) return repairStore(session.store, compare, removeOf(session), signal);
  return { problems: await findProblems(session.store, compare), repaired: false };
}

async function compareWith(
  session: Session,
  path: string,
  index: LayerIndex,
  isPart: boolean,
  signal: AbortSignal,
): Promise<string | undefined> {
  const helper = await session.helper();
  const found = new Map<Bytes, Entry>();
  const entry = (one: Entry): void => void found.set(one.path, one);
  const visitor = { entry, data: nothing, whiteout: nothing, opaque: nothing };
  await helper.list({ kind: "directory", path }, visitor, signal);
  return compareSnapshot(found, index, isPart);
}

const nothing = (): void => {};

/** The helper is started only where there is a directory to remove. */
export function removeOf(session: Session): (directories: readonly string[]) => Promise<void> {
  return async (directories) => (await session.helper()).remove(directories);
}
