import { readFileSync, readdirSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { hexOf, sha256, type Digest } from "../core/digest.ts";
import { redact } from "../core/redact.ts";
import type { Store } from "../store/types.ts";
import type { BuildRecord, Journal, Place } from "./types.ts";

/** To be raised when a journal of before cannot be read any more. */
const FORMAT = "1";
/** Builds of so many places are remembered. */
const MAX_JOURNALS = 200;

/** The journal of a place, with the digest that tells whether a build was the same as the last one. */
export interface FoundJournal extends Journal {
  readonly fingerprint: Digest;
  /** The last build of the place, if only one that found everything in the cache. */
  readonly touched: number;
}

/** What was built at a place last. */
export function readJournal(store: Store, place: Place): FoundJournal | undefined {
  return readFile(pathOf(store, place));
}

/** The journal of the latest build of those places that `wanted` takes. */
export function latestJournal(store: Store, wanted: (place: Place) => boolean): FoundJournal | undefined {
  for (const { path } of journalsOf(store).reverse()) {
    const journal = readFile(path);
    if (journal !== undefined && wanted(journal.place)) return journal;
  }
  return undefined;
}

/** True where the last build of the place was just the same; its time is then noted and nothing else written. */
export function isSameBuild(store: Store, place: Place, fingerprint: Digest): boolean {
  const path = pathOf(store, place);
  try {
    if (readFileSync(path, "latin1").slice(0, fingerprint.length) !== fingerprint) return false;
    const now = new Date();
    utimesSync(path, now, now);
    return true;
  } catch {
    // It is not there, or not to be touched.
    return false;
  }
}

/** Writes down a build; the one before it is kept beside it. */
export function writeJournal(store: Store, place: Place, last: BuildRecord, fingerprint: Digest): void {
  const before = readJournal(store, place)?.last;
  const journal: Journal = { place, last, ...(before === undefined ? {} : { before }) };
  // Values of secrets and credentials in URLs are nothing to be kept.
  const json = redact(JSON.stringify(journal));
  store.writeFile(pathOf(store, place), `${fingerprint}\n${FORMAT} ${sha256(json)}\n${json}`);
  trim(store);
}

function pathOf(store: Store, { context, dockerfile, target, platform }: Place): string {
  const name = hexOf(sha256([context, dockerfile, target, platform].join("\0")));
  return join(store.root, "journal", name);
}

/** A file that is torn, that another version wrote, or that is not there, says nothing. */
function readFile(path: string): FoundJournal | undefined {
  try {
    const text = readFileSync(path, "utf8");
    const [first, second] = [text.indexOf("\n"), text.indexOf("\n", text.indexOf("\n") + 1)];
    const json = text.slice(second + 1);
    if (text.slice(first + 1, second) !== `${FORMAT} ${sha256(json)}`) return undefined;
    const fingerprint = text.slice(0, first) as Digest;
    return { ...(JSON.parse(json) as Journal), fingerprint, touched: statSync(path).mtimeMs };
  } catch {
    return undefined;
  }
}

/** The oldest go first. */
function trim(store: Store): void {
  for (const { path } of journalsOf(store).slice(0, -MAX_JOURNALS)) rmSync(path, { force: true });
}

/** Oldest first. */
function journalsOf(store: Store): { readonly path: string; readonly time: number }[] {
  const folder = join(store.root, "journal");
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .flatMap((name) => {
      const path = join(folder, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ path, time: stat.mtimeMs }];
    })
    .sort((a, b) => a.time - b.time);
}
