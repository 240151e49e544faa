import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { errnoOf, messageOf, TsbuildError } from "../core/errors.ts";
import { readFailed, type FailedStep } from "../ops/failed-step.ts";
import { namesIn } from "../store/names-in.ts";
import type { Store } from "../store/types.ts";

const FOLDER = "failed";
const RECORD = "step.json";

type Remove = (directory: string) => Promise<void>;

/** Keeps a step's directory as that of the step that failed last; the ones before go. */
export async function keepFailed(
  store: Store,
  directory: string,
  record: string,
  remove: Remove,
): Promise<void> {
  writeFileSync(join(directory, RECORD), record, { mode: 0o600 });
  const name = `${process.pid}-${basename(directory)}`;
  await dropFailed(store, remove);
  renameSync(directory, store.path(FOLDER, name));
}

/** Removes what is kept of steps that failed, but for one that somebody is in. */
export async function dropFailed(store: Store, remove: Remove): Promise<void> {
  for (const name of namesIn(join(store.root, FOLDER))) {
    using lock = await store.locks.tryAcquire(lockOf(name));
    if (lock === undefined) continue;
    const gone = store.tempPath(FOLDER);
    try {
      renameSync(join(store.root, FOLDER, name), gone);
    } catch (error) {
      // Another process was faster.
      if (errnoOf(error) === "ENOENT") continue;
      throw error;
    }
    await remove(gone);
  }
}

/** The step that failed last, held so that nobody removes it. */
export interface HeldStep extends Disposable {
  readonly directory: string;
  readonly step: FailedStep;
}

export async function openFailed(store: Store): Promise<HeldStep> {
  const [name] = namesIn(join(store.root, FOLDER));
  const none = new TsbuildError("USAGE", "Cannot open a shell: no step has failed since the last build", {
    hint: "a step is kept when it fails, until the next build that runs a step",
  });
  if (name === undefined) throw none;
  const lock = await store.locks.tryAcquire(lockOf(name));
  if (lock === undefined)
    throw new TsbuildError("USAGE", "Cannot open a shell in the failed step: another shell is open in it");
  const directory = join(store.root, FOLDER, name);
  try {
    const step = readFailed(JSON.parse(readFileSync(join(directory, RECORD), "utf8")));
    return { directory, step, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (cause) {
    lock[Symbol.dispose]();
    if (errnoOf(cause) === "ENOENT") throw none;
    throw new TsbuildError("STORE_INVALID", `Cannot open a shell in the failed step: ${messageOf(cause)}`, {
      cause,
      hint: "build again",
    });
  }
}

function lockOf(name: string): string {
  return `failed ${name}`;
}
