import { closeSync, openSync, readSync, rmSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Hasher, hexOf } from "../core/digest.ts";
import { errnoOf } from "../core/errors.ts";
import { explained } from "./failure.ts";
import { namesIn } from "./names-in.ts";
import { bootId, parseSessionName } from "./session.ts";

/** Folders of small files that are only ever a saving: each can be made again. */
const RECORDS = ["records", "layers", "indexes", "context"] as const;
/** File times are as coarse as the kernel's tick, and a marker's may have been set by hand: look a little further back. */
const SLACK = 1000;

/**
 * After a power cut: drops the records that were written since the last sync and re-hashes the blobs. Costs one readdir
 * where nothing happened. `until` keeps a slow process from dropping what a faster one wrote after its own recovery.
 */
export function recover(root: string): void {
  const folder = join(root, "unsynced");
  const markers = namesIn(folder);
  if (markers.length === 0) return;
  const now = Date.now();
  const boot = bootId();
  const stale = markers
    .filter((name) => parseSessionName(name)?.boot !== boot)
    .map((name) => join(folder, name));
  if (stale.length === 0) return;
  const since = Math.min(...stale.map((path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now));
  // A machine without a clock of its own may start in the past.
  const until = now < since ? Infinity : now;
  explained("recover", root, () => {
    for (const name of RECORDS) {
      for (const path of writtenBetween(join(root, name), since - SLACK, until))
        rmSync(path, { force: true });
    }
    const blobs = join(root, "blobs/sha256");
    for (const path of writtenBetween(blobs, since - SLACK, until)) {
      if (!isWhole(path)) rmSync(path, { force: true });
    }
    for (const path of stale) rmSync(path, { force: true });
  });
}

/** Files of a folder whose last rename or change (ctime: nobody can set it) lies in a span of time. */
function writtenBetween(folder: string, since: number, until: number): string[] {
  return namesIn(folder)
    .map((name) => join(folder, name))
    .filter((path) => {
      const stat = statSync(path, { throwIfNoEntry: false });
      return stat !== undefined && stat.isFile() && stat.ctimeMs >= since && stat.ctimeMs <= until;
    });
}

/** Whether a blob's bytes have the digest that it is named for; no longer, where another process removed it. */
function isWhole(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return false;
    throw error;
  }
  try {
    const hasher = new Hasher();
    const buffer = Buffer.allocUnsafe(1 << 20);
    for (;;) {
      const size = readSync(fd, buffer, 0, buffer.length, null);
      if (size === 0) return basename(path) === hexOf(hasher.digest());
      hasher.update(buffer.subarray(0, size));
    }
  } finally {
    closeSync(fd);
  }
}
